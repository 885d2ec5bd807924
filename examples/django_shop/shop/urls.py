"""The addresses of the shop's pages."""

from django.urls import path

from shop.views import place, show

urlpatterns = [path("orders/<int:number>", show), path("orders/<int:number>/place", place)]
