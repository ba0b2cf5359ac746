"""An SMTP server for tests: aiosmtpd with a password, TLS and a folder for what it got.

Its one argument is a JSON object: port (0 = any), folder, certificate and key (PEM files), tls ("", "starttls" or "tls"),
username and password ("" = nobody signs in). It prints the port once it listens, and ends when its standard input does.
"""

import asyncio
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Postbox:
    """Keeps each mail as a pair of files, 1.eml and 1.json and so on; the second is there once both are whole."""

    def __init__(self, folder):
        self.folder = folder

    async def handle_RCPT(self, server, session, envelope, address, options):
        if not address.isascii() and not envelope.smtp_utf8:
            return "553 5.6.7 such an address needs SMTPUTF8"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        number = 1 + sum(name.endswith(".json") for name in os.listdir(self.folder))
        path = os.path.join(self.folder, str(number))
        with open(path + ".eml", "wb") as file:
            file.write(envelope.original_content)
        with open(path + ".tmp", "w", encoding="utf-8") as file:
            json.dump({"From": envelope.mail_from, "To": envelope.rcpt_tos, "UTF8": envelope.smtp_utf8, "User": session.auth_data or ""}, file)
        os.rename(path + ".tmp", path + ".json")
        return "250 2.0.0 taken as " + str(number)


def gate(username, password):
    """Lets in who knows the password."""

    def authenticate(server, session, envelope, mechanism, auth):
        known = auth.login == username.encode() and auth.password == password.encode()
        return AuthResult(success=known, handled=False, auth_data=username)

    return authenticate


async def serve(config):
    context = None
    if config["tls"]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(config["certificate"], config["key"])
    starttls = config["tls"] == "starttls"
    secret = config["password"] != ""

    def connection():
        return SMTP(
            Postbox(config["folder"]), hostname="mail.test", enable_SMTPUTF8=True,
            tls_context=context if starttls else None, require_starttls=starttls,
            auth_required=secret, auth_require_tls=starttls, authenticator=gate(config["username"], config["password"]) if secret else None,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", config["port"], ssl=None if starttls else context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(serve(json.loads(sys.argv[1])))
