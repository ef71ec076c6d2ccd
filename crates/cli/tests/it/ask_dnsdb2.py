"""Asks a server by DNSDB's own client library and prints each object as a line of JSON.

Usage: ask_dnsdb2.py URL KEY METHOD [ARGUMENTS [PARAMETERS]], the last two as JSON. Ends with 3 when the library raises,
and names what it raised.
"""
import json
import sys

import dnsdb2

url, key, method, *rest = sys.argv[1:]
arguments, parameters = [json.loads(text) for text in rest + ["[]", "{}"][len(rest):]]
client = dnsdb2.Client(key, server=url)
try:
    answer = getattr(client, method)(*arguments, **parameters)
    for value in [answer] if isinstance(answer, (bool, dict)) else answer:
        print(json.dumps(value))
except dnsdb2.DnsdbException as error:
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    sys.exit(3)
