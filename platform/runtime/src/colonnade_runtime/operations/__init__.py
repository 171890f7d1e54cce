"""GraphQL operations, compiled once into plans that are run for each request.

The stock executor finds out anew, for each object of each answer, what a query asks of it. A plan knows which
fields, how they are read, and of what type they are. It covers objects, lists, scalars, enums and arguments;
for what it does not (`Unsupported`: interfaces, unions, introspection, subscriptions) there is the stock one.
"""
