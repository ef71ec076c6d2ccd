"""Gives records in the Common Output Format to MISP's own import module, and prints how many objects it made."""

import base64
import json
import pathlib
import sys

import misp_modules

# Where the modules find the libraries that come with them.
sys.path.insert(0, str(pathlib.Path(misp_modules.__file__).parent / "lib"))

from misp_modules.modules.import_mod import cof2misp  # noqa: E402

# The module reports what it does on standard output.
out, sys.stdout = sys.stdout, sys.stderr
data = base64.b64encode(sys.stdin.buffer.read()).decode()
answer = cof2misp.handler(json.dumps({"event_id": 1, "data": data}))
if "results" not in answer:
    sys.exit(f"the module refuses the records: {answer}")
json.dump(len(answer["results"]["Object"]), out)
