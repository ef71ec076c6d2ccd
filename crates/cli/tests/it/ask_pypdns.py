"""Asks a server by CIRCL's own client and prints each record as a line of JSON.

Usage: ask_pypdns.py URL USER PASSWORD VALUE [RRTYPE]. Ends with 3 when the login is refused.
"""
import json
import sys

from pypdns import PyPDNS, UnauthorizedError

url, user, password, value, *rrtype = sys.argv[1:]
client = PyPDNS(url=url, basic_auth=(user, password))
try:
    for record in client.iter_query(q=value, filter_rrtype=rrtype[0] if rrtype else None):
        print(json.dumps(record.record))
except UnauthorizedError:
    sys.exit(3)
