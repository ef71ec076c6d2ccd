"""Checks each line of standard input against the schema in the file named, and prints how many there were."""
import json
import sys

from jsonschema import Draft7Validator

with open(sys.argv[1]) as file:
    schema = json.load(file)
Draft7Validator.check_schema(schema)
validator = Draft7Validator(schema)
lines = sys.stdin.read().splitlines()
for line in lines:
    for error in validator.iter_errors(json.loads(line)):
        sys.exit(f"{error.message}: {line}")
print(len(lines))
