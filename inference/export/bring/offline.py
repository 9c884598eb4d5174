"""Said before timm and open_clip are imported: no hub is asked, whatever a library would like to look up.

`HF_HUB_OFFLINE` is read once, as `huggingface_hub` is imported:
https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
"""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
