"""Addresses of signing in. Beside our names stand those that django-allauth looks for; what it has besides is off."""

from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.generic import RedirectView

from web.people import views

sign_in = views.SignIn.as_view()
urlpatterns = [
    path("sign-in/", sign_in, name="sign-in"),
    path("sign-in/", sign_in, name="account_login"),
    path("sign-in/code/", views.EnterCode.as_view(), name="mfa_authenticate"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("account/password/", views.ChangePassword.as_view(), name="change-password"),
    path("account/pin/", views.SetPin.as_view(), name="set-pin"),
    path("account/confirm/", views.Confirm.as_view(), name="account_reauthenticate"),
    path("account/confirm/code/", views.ConfirmByCode.as_view(), name="mfa_reauthenticate"),
    path("account/second-factor/", views.SecondFactor.as_view(), name="mfa_index"),
    path("account/second-factor/enrol/", views.Enrol.as_view(), name="mfa_activate_totp"),
    path("account/second-factor/remove/", views.Remove.as_view(), name="mfa_deactivate_totp"),
    path("account/recovery-codes/", views.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("account/recovery-codes/new/", views.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
    # The admin's own forms know neither throttle nor second factor.
    path("admin/login/", views.admin_sign_in),
    path("admin/password_change/", RedirectView.as_view(pattern_name="change-password")),
]
