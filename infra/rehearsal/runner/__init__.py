"""What AWS runs, run on one machine: the functions that the program declares, fed and asked as AWS feeds and asks them.

Each function is a process of its own under AWS's runtime client (`awslambdaric`), with the environment that the
program declares. Queues feed functions by their event-source mappings (`mapping`), an HTTP front stands in for API
Gateway and its authoriser (`front`, `authoriser`), and a door before the emulator checks pre-signed forms as S3 does
(`door`). `run_cloud` starts it all.
"""

from infra.rehearsal.runner.cloud import Cloud, run_cloud

__all__ = ["Cloud", "run_cloud"]
