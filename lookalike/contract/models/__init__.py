"""What travels: one strict pydantic model for each JSON document of the API.

Unknown members, wrong types, numbers that are no numbers and names that break their rule are refused, each named as
the caller wrote it. Domain types stand in the models themselves, so that a valid document needs no second look.
"""
