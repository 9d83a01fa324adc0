"""The shop's database: SQLite or PostgreSQL, through SQLAlchemy Core."""
