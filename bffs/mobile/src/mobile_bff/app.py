"""The list of views."""

from colonnade_runtime import App, private, shared

from mobile_bff.views.home import home
from mobile_bff.views.orders import order, orders
from mobile_bff.views.products import product, products

app = App("mobile", services=["user", "product", "order"], caller="user")

app.get("/home")(home)
app.get("/products", cache=private(), fields=True)(products)
app.get("/products/{id}", cache=shared(30, stale_while_revalidate=30, stale_if_error=300))(product)
app.get("/orders", cache=private(), fields=True)(orders)
app.post("/orders")(order)
