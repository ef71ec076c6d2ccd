"""Loads a MISP event from standard input with MISP's own library, compares its objects with the template that the library has,
and prints how many attributes and objects it has."""

import copy
import json
import sys

from pymisp import MISPEvent, MISPObject

document = json.load(sys.stdin)
event = MISPEvent(strict_validation=True)
# It takes apart what it reads.
event.load(copy.deepcopy(document))
kinds = event.describe_types["category_type_mappings"]
template = MISPObject("passive-dns", strict=True)
definition = template._definition


def check(attribute):
    assert attribute["type"] in kinds[attribute["category"]], attribute
    assert attribute["to_ids"] is False, attribute


for attribute in document["Event"]["Attribute"]:
    check(attribute)
for one in document["Event"]["Object"]:
    assert one["template_uuid"] == definition["uuid"], one
    assert one["template_version"] == str(definition["version"]), one
    assert one["meta-category"] == definition["meta-category"], one
    relations = [attribute["object_relation"] for attribute in one["Attribute"]]
    assert set(definition["required"]) <= set(relations), relations
    for attribute in one["Attribute"]:
        check(attribute)
        known = definition["attributes"][attribute["object_relation"]]
        assert attribute["type"] == known["misp-attribute"], attribute
        assert attribute["disable_correlation"] == known.get("disable_correlation", False), attribute

# What the library understood is what was written.
again = json.loads(event.to_json())
uuids = lambda event: sorted(one["uuid"] for one in event["Attribute"] + event["Object"])
assert uuids(again) == uuids(document["Event"])
assert [tag["name"] for tag in again.get("Tag", [])] == [tag["name"] for tag in document["Event"]["Tag"]]
for written, understood in zip(document["Event"]["Object"], again["Object"]):
    for key in ("first_seen", "last_seen"):
        assert written.get(key) == understood.get(key), (written, understood)
    assert [one["referenced_uuid"] for one in written["ObjectReference"]] == [one["referenced_uuid"] for one in understood.get("ObjectReference", [])]
json.dump([len(event.attributes), len(event.objects)], sys.stdout)
