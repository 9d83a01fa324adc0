"""Exceptions that stop a run. Each is one sentence for a person: the cause, then the remedy.

OrderSyncError
├── UsageError              a retry cannot help
│   ├── WrongAccountError   the key is another shop's
│   ├── SettingsError       a setting is missing or wrong
│   ├── KeyRefusedError     a vendor refused the key
│   │   └── MissingPermissionError  the key works, and may not read this
│   ├── WrongModeError      live and test mode are mixed
│   ├── SchemaError         the database does not fit
│   ├── DatabaseAccessError the database lets us not in, or takes no writes
│   ├── TooManyChangesError --max-changes would be exceeded
│   ├── PlanMovedError      a run would not make the changes any more that a person looked at
│   └── SavedFileError      a saved plan or proof is damaged, or is not of this shop or release
├── VendorError             a retry may help
│   ├── VendorUnavailableError  no answer within the deadline
│   └── VendorAnswerError       an answer that cannot be read
│       └── UnreadListError     a list has more rows, and they are not shown
├── DatabaseRefusedError    the database refused a write; nothing of that part was kept
└── BusyError               come back later
    ├── LockHeldError       another run is at work
    ├── RowLockedError      another program keeps a lock in the database
    └── DatabaseAwayError   the database does not answer

A record that cannot be decided is not an exception but a `Problem` (see problems.py).
"""


class OrderSyncError(Exception):
    """Base of all exceptions that this package raises on purpose."""


class UsageError(OrderSyncError):
    """A person has to change something first."""


class SettingsError(UsageError, ValueError):
    """A setting is missing or wrong."""


class KeyRefusedError(UsageError):
    """A vendor refused the key (401)."""


class MissingPermissionError(KeyRefusedError):
    """The key lacks a permission (403)."""


class WrongModeError(UsageError):
    """A live key was used with test data, or a test key with live data."""


class WrongAccountError(UsageError):
    """The key's account knows none of the orders that the database holds."""


class SchemaError(UsageError):
    """The database lacks a table or column, or has one that does not fit."""


class DatabaseAccessError(UsageError):
    """The database refuses the connection (database, role, password), or takes no writes at all."""


class TooManyChangesError(UsageError):
    """The plan holds more changes than `--max-changes` allows; nothing was written."""


class PlanMovedError(UsageError):
    """The plan is no longer the one that was looked at; nothing was written."""


class SavedFileError(UsageError):
    """A saved plan or proof cannot be used: it is damaged, or of another database, mode or release."""


class VendorError(OrderSyncError):
    """Stripe or Printful could not be read."""


class VendorUnavailableError(VendorError):
    """No usable answer came before the deadline."""


class VendorAnswerError(VendorError):
    """An answer does not have the documented shape."""


class UnreadListError(VendorAnswerError):
    """A list says that there are more rows and shows none. Rows created before `until` (Unix seconds) may be missing.

    All rows that were shown were given out before.
    """

    def __init__(self, sentence: str, until: int) -> None:
        super().__init__(sentence)
        self.until = until


class DatabaseRefusedError(OrderSyncError):
    """The database refused a write; its transaction was rolled back."""


class BusyError(OrderSyncError):
    """The request is right, but not at this moment."""


class LockHeldError(BusyError):
    """Another run holds the shop's lock."""


class RowLockedError(BusyError):
    """Another program keeps a lock in the database for too long."""


class DatabaseAwayError(BusyError):
    """The database does not answer."""
