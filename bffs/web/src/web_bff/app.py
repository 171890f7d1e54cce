"""The list of views."""

from colonnade_runtime import App
from colonnade_runtime.graphql import graphql

from web_bff.schema import schema
from web_bff.views.home import home
from web_bff.views.order_events import order_events

app = App("web", services=["user", "product", "order"], caller="user")

app.get("/home")(home)
app.get("/orders/{id}/events")(order_events)
app.post("/graphql")(graphql(schema))
