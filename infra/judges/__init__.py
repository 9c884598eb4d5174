"""Judges that know nothing of this project: what the program declares, told to each in its own language.

Checkov reads Terraform's plans and Kubernetes' manifests, parliament IAM's policies. Both live in an environment of
their own (`requirements/judges.txt`), are run as programs, and are kept from the network.
"""
