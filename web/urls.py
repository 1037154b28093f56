"""Addresses of the pages."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from web import views

sign_in = LoginView.as_view(template_name="web/sign_in.html", redirect_authenticated_user=True)
urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("version", views.version, name="version"),
    path("sign-in/", sign_in, name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("i18n/", include("django.conf.urls.i18n")),
]
