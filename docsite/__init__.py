"""The documentation site: pages that are written from the code, and what MkDocs needs to show docs/ as a site."""
