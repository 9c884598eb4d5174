"""The deployment: a Pulumi program (`__main__`), its configuration, its components, and its rehearsal.

`components` holds one ComponentResource a file. A component grants access to what it owns through methods that take
the role to grant it to (`photos.allow_read(role)`), so that who may do what is read where the parts are put together.
"""
