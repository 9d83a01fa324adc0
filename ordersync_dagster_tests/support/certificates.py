"""A TLS server that nobody vouches for."""

import ssl
import subprocess
from pathlib import Path
from shutil import which

import pytest

NEEDS_OPENSSL = pytest.mark.skipif(which("openssl") is None, reason="openssl makes the certificate")


def self_signed_context(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """What such a server on this machine serves with, and its certificate."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate), "-days", "1"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *files, *subject]
    subprocess.run(make, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate
