"""Why a run stops. Each exception is one sentence for a person: the cause, then what to do.

OrderSyncError
├── UsageError              a retry cannot help
│   ├── WrongAccountError   the key is another shop's
│   ├── SettingsError       a setting is missing or wrong
│   ├── KeyRefusedError     a vendor refused the key, or a permission is missing
│   ├── WrongModeError      live and test mode are mixed
│   ├── SchemaError         the database does not fit
│   └── TooManyChangesError --max-changes would be exceeded
├── VendorError             a retry may help
│   ├── VendorUnavailableError  no answer within the deadline
│   └── VendorAnswerError       an answer that cannot be read
├── DatabaseRefusedError    the database refused a write; nothing of that part was kept
└── BusyError               come back later
    ├── LockHeldError       another run is at work
    └── DatabaseAwayError   the database does not answer

A record that cannot be decided is not an exception but a `Problem` (see problems.py).
"""


class OrderSyncError(Exception):
    """Base of everything that this package raises on purpose."""


class UsageError(OrderSyncError):
    """Something that a person has to change first."""


class SettingsError(UsageError):
    """A setting is missing or wrong."""


class KeyRefusedError(UsageError):
    """A vendor refused the key (401), or the key lacks a permission (403)."""


class WrongModeError(UsageError):
    """A live key met test data, or the other way round."""


class WrongAccountError(UsageError):
    """The key's account knows none of the orders that the database holds."""


class SchemaError(UsageError):
    """The database lacks something that this package writes to."""


class TooManyChangesError(UsageError):
    """The plan holds more changes than `--max-changes` allows; nothing was written."""


class VendorError(OrderSyncError):
    """Stripe or Printful could not be read."""


class VendorUnavailableError(VendorError):
    """No usable answer came before the deadline."""


class VendorAnswerError(VendorError):
    """An answer came that does not have the documented shape."""


class DatabaseRefusedError(OrderSyncError):
    """The database refused a write; its transaction was rolled back."""


class BusyError(OrderSyncError):
    """Nothing is wrong with the request; the time is."""


class LockHeldError(BusyError):
    """Another run holds the shop's lock."""


class DatabaseAwayError(BusyError):
    """The database does not answer."""
