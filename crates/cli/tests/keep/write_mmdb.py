"""Writes MMDB files in the layouts of three providers into a folder, and prints what the reference reader finds in them.

Each line has the name of the file, an address, and what it says about it as JSON.
"""

import json
import pathlib
import sys

import maxminddb
from mmdb_writer import MMDBWriter
from netaddr import IPSet

FILES = {
    "asn.mmdb": (
        "GeoLite2-ASN",
        {
            "185.194.93.0/24": {"autonomous_system_number": 64496, "autonomous_system_organization": "Example Networks"},
            "2001:db8::/32": {"autonomous_system_number": 64497, "autonomous_system_organization": "Příklad =1+1"},
        },
    ),
    "country.mmdb": (
        "DBIP-Country-Lite",
        {"185.194.93.0/25": {"country": {"iso_code": "NL", "names": {"en": "Netherlands"}}}},
    ),
    "ipinfo.mmdb": (
        "ipinfo generic_lite.mmdb",
        {
            "185.194.93.0/24": {"asn": "AS1", "as_name": "Other", "country": "France", "country_code": "FR"},
            "198.18.0.0/24": {"asn": "AS64498", "as_name": "Third", "country_code": "DE"},
        },
    ),
}

folder = pathlib.Path(sys.argv[1])
for file, (kind, networks) in FILES.items():
    writer = MMDBWriter(6, kind, ipv4_compatible=True, languages=["en"], description="tests")
    for network, value in networks.items():
        writer.insert_network(IPSet([network]), value)
    writer.to_db_file(str(folder / file))
    with maxminddb.open_database(folder / file) as reader:
        for address in ["185.194.93.1", "185.194.93.200", "198.18.0.1", "2001:db8::1", "8.8.8.8"]:
            print(file, address, json.dumps(reader.get(address), sort_keys=True), sep="\t")
