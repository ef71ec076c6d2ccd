"""ClickHouse's HTTP interface in front of chdb: one statement at a time, with what the engine of Backsight needs of it."""

import os
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from chdb import session

# Parameters of the interface that are no settings, and settings that are only read before a statement is.
NOT_SETTINGS = {"query", "query_id", "user", "wait_end_of_query", "buffer_size", "max_query_size"}
# A statement may contain a long key, each byte of which is written as four.
LONGEST = 4 << 20

folder = sys.argv[2]
database = session.Session(f"{folder}/data?max_query_size={LONGEST}")
turn = threading.Lock()


def insert(statement, settings, block):
    """chdb has no input besides a statement, so a block is read from a file, as a whole and in its order."""
    handle, path = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(block)
    try:
        select = f"SELECT * FROM file('{path}', Native) SETTINGS max_threads = 1, max_insert_threads = 1"
        return ask(f"{statement.removesuffix(' FORMAT Native')} {select}", settings)
    finally:
        os.unlink(path)


def ask(statement, settings):
    kind = "RowBinary" if statement.endswith(" FORMAT RowBinary") else "TabSeparated"
    statement = statement.removesuffix(" FORMAT RowBinary")
    if settings and statement.startswith(("SELECT", "INSERT")):
        word = "," if " SETTINGS " in statement else " SETTINGS"
        statement += word + ",".join(f" {name} = '{value}'" for name, value in settings)
    return database.query(statement, kind).bytes()


class Front(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        parameters = parse_qsl(urlsplit(self.path).query)
        settings = [(name, value) for name, value in parameters if name not in NOT_SETTINGS]
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        statement = dict(parameters).get("query")
        try:
            with turn:
                status, answer = 200, insert(statement, settings, body) if statement else ask(body.decode(), settings)
        except Exception as error:
            text = str(error)
            status, answer = 500, text[max(text.find("Code: "), 0) :].encode()
        self.send_response(status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Front).serve_forever()
