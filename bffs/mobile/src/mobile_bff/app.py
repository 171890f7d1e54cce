"""The list of views."""

from colonnade_runtime import App

from mobile_bff.views.home import home
from mobile_bff.views.orders import orders
from mobile_bff.views.products import product, products

app = App("mobile", services=["user", "product", "order"], caller="user")

app.get("/home")(home)
app.get("/products")(products)
app.get("/products/{id}")(product)
app.get("/orders")(orders)
