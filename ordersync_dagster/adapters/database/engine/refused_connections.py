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

_SERVER = r'connection to server at "([^"]+)"[^,\n]*, port (\d+) failed: '
_HOST_AND_PORT = "host and port in DATABASE_URL"
# A driver's message where nobody answers → its cause and fix.
_SILENCES = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (f"{_SERVER}Connection refused",
         f"nothing listens at %s, port %s. Start the server, or correct {_HOST_AND_PORT}"),
        (f"{_SERVER}(?:No route to host|Network is unreachable)",
         f"the network has no way to %s, port %s. Look at {_HOST_AND_PORT}, and at this machine's network"),
        (f"{_SERVER}received invalid response",
         f"what listens at %s, port %s is no PostgreSQL server. Correct {_HOST_AND_PORT}"),
        (r"failed to resolve host '([^'\n]*)'|could not translate host name \"([^\"\n]*)\"",
         "this machine does not know the host name %s. Correct it in DATABASE_URL, or look at the network"),
        (r"timeout expired|Connection timed out",
         f"its host says nothing. Look at {_HOST_AND_PORT}, at the network and at its firewall, or start the server"),
        (r'socket "([^"\n]+)" failed: (?:No such file|Connection refused)',
         "nothing listens at the socket %s. Start the server, or correct the folder in DATABASE_URL"),
        (r"^database (?:\w+ )?is locked",
         "another program keeps its file locked. End that program, or run again when it has finished"),
    )
)  # fmt: skip


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


def cause_of_silence(message: str) -> str:
    """Cause and fix where nobody answered, with host and port alone; empty where the message says nothing of it."""
    for pattern, sentence in _SILENCES:
        if found := pattern.search(message):
            return sentence % tuple(name for name in found.groups() if name)
    return ""
