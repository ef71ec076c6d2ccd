"""Reads an event from an instance with MISP's own client, and changes the comment of its attribute. Prints how many attributes and
objects the event has, how many of these refer to the attribute, and whether the change arrived."""

import logging
import sys

from pymisp import PyMISP

logging.disable(logging.CRITICAL)
url, key, uuid = sys.argv[1:]
misp = PyMISP(url, key)
event = misp.get_event(uuid, pythonify=True)
(attribute,) = event.attributes
references = [reference for one in event.objects for reference in one.references]
assert all(one.name == "passive-dns" for one in event.objects)
assert all(reference.referenced_uuid == attribute.uuid for reference in references)
attribute.comment = "changed by somebody"
changed = misp.update_event(event, pythonify=True)
arrived = changed.attributes[0].comment == "changed by somebody"
print(len(event.attributes), len(event.objects), len(references), "changed" if arrived else "not changed")
