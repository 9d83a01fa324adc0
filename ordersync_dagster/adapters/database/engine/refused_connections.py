"""Why no connection came about: refused for a reason that a person must remove, or nobody answered."""

import re

# libpq writes two spaces after the server's word for FATAL, in every language, and one space in its own messages.
_OF_SERVER = re.compile(r"failed: [^\s:]+:  ([^\n]+)")
# The server answers, and may let us in later (57P03, 53300; poolers have words of their own).
_LATER = re.compile(
    r"the database system is |too many |connection slots|terminating connection|timeout|login has been failing"
    r"|cannot connect to server|max clients|max_client_conn|no more connections|connection limit exceeded",
    re.IGNORECASE,
)
# The client knows already that the server cannot be asked like this.
_OF_CLIENT = re.compile(
    r"invalid connection option[^\n]*|invalid \w+ value[^\n]*|invalid value for[^\n]*|definition of service[^\n]*"
    r"|no password supplied|server does not support SSL[^\n]*|certificate verify failed|root certificate file[^\n]*"
    r"|could not read root certificate[^\n]*|could not load private key[^\n]*|private key file[^\n]*"
    r"|could not read certificate[^\n]*|server certificate for[^\n]*|authentication method[^\n]*"
    r"|channel binding required[^\n]*|invalid integer value[^\n]*"
)


def reason_of_refusal(message: str) -> str | None:
    """The first reason in a driver's message of a failed connection; None where a later attempt may succeed."""
    of_server = [reason for reason in _OF_SERVER.findall(message) if not _LATER.search(reason)]
    if of_server:
        return str(of_server[0]).strip()
    of_client = None if _OF_SERVER.search(message) else _OF_CLIENT.search(message)
    return of_client[0].strip() if of_client else None


def reason_of_delay(message: str) -> str:
    """The server's reason why it lets nobody in at the moment; empty where nobody answered."""
    return next((reason.strip() for reason in _OF_SERVER.findall(message)), "")
