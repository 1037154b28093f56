"""One settings file, read from the environment, safe where nothing is said.

Embedded (default): SQLite under `var/`, a secret key made on first start and kept there.
Production (`PRODUCTION=1`): SECRET_KEY and ALLOWED_HOSTS must be given, cookies and redirects are secure.
"""

import os
import secrets
import sys
from pathlib import Path
from typing import Any

import dj_database_url
from csp import constants as csp
from django.core.exceptions import ImproperlyConfigured

from traceability.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent


def flag(name: str, default: bool = False) -> bool:
    """Read a switch from the environment: 1, true, yes, on mean yes."""
    return os.environ.get(name, str(default)).strip().lower() in {"1", "true", "yes", "on"}


def words(name: str, default: str = "") -> list[str]:
    """Read a comma-separated list from the environment."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


PRODUCTION = flag("PRODUCTION")
DEBUG = flag("DEBUG") and not PRODUCTION
DATA_DIR = Path(os.environ.get("DATA_DIR", BASE_DIR / "var"))
DATA_DIR.mkdir(parents=True, exist_ok=True)


def embedded_secret_key() -> str:
    """Give the embedded installation its own key, made once, readable by its owner only."""
    path = DATA_DIR / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        file.write(key := secrets.token_urlsafe(64))
    return key


if SECRET_KEY := os.environ.get("SECRET_KEY", ""):
    pass
elif PRODUCTION:
    raise ImproperlyConfigured("SECRET_KEY must be set in production.")
else:
    SECRET_KEY = embedded_secret_key()
SECRET_KEY_FALLBACKS = words("SECRET_KEY_FALLBACKS")

ALLOWED_HOSTS = words("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "traceability",
    "traceability.door",
    "batteries",
    "recyclers",
    "graphql_schema",
    "web",
]

MIDDLEWARE = [
    "traceability.requests.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "traceability.door.sessions.SessionLifetimeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "web.people.middleware.SecondFactorMiddleware",
]

ROOT_URLCONF = "traceability.urls"
WSGI_APPLICATION = "traceability.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# The databases -------------------------------------------------------------------------------------------------------

SQLITE_OPTIONS = {
    # Writers queue at BEGIN instead of failing at the first write; see docs/decisions.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}
# One statement prepared on its first use: the statements are few and repeat (1.5 times faster and more).
POSTGRESQL_OPTIONS = {"server_side_binding": True, "prepare_threshold": 1}


def database(url: str) -> dict[str, Any]:
    """Turn a database URL into Django's settings, with the options each engine needs to be safe here."""
    parsed: dict[str, Any] = dict(dj_database_url.parse(url))
    if parsed["ENGINE"] == "django.db.backends.sqlite3":
        parsed["OPTIONS"] = SQLITE_OPTIONS | parsed.get("OPTIONS", {})
    elif parsed["ENGINE"] == "django.db.backends.postgresql":
        parsed["OPTIONS"] = POSTGRESQL_OPTIONS | parsed.get("OPTIONS", {})
        parsed["CONN_MAX_AGE"] = int(os.environ.get("CONN_MAX_AGE", "600"))
        parsed["CONN_HEALTH_CHECKS"] = True
    else:
        raise ImproperlyConfigured("DATABASE_URL must name SQLite or PostgreSQL.")
    if (name := os.environ.get("TEST_DATABASE_NAME")) and parsed["ENGINE"].endswith("postgresql"):
        parsed["TEST"] = {"NAME": name}
    return parsed


DATABASES = {"default": database(os.environ.get("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'traceability.sqlite3'}")}
# The audit API may read from a replica, or as the auditors' role; it never writes there.
if audit_url := os.environ.get("AUDIT_DATABASE_URL"):
    DATABASES["audit"] = database(audit_url) | {"TEST": {"MIRROR": "default"}}
DATABASE_ROUTERS = ["traceability.replica.ReplicaRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# People and languages ------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "traceability.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
# From signing in, however busy; and without being used.
SESSION_COOKIE_AGE = int(float(os.environ.get("SESSION_HOURS", "12")) * 3600)
SESSION_IDLE_SECONDS = int(float(os.environ.get("SESSION_IDLE_MINUTES", "120")) * 60)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "web.errors.csrf"
# django-allauth signs people in and keeps their second factor. Sign-up, mail and social accounts stay off: their
# addresses are not in web/people/urls.py. It would count failures in each process's memory; ours are in the database.
ACCOUNT_ADAPTER = "web.people.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_SESSION_COOKIE_AGE = SESSION_COOKIE_AGE
MFA_ADAPTER = "web.people.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # there is no mail server to verify one with
MFA_TOTP_TOLERANCE = 1  # clocks of telephones are up to a minute off; no code counts twice all the same
MFA_FORMS = {
    "authenticate": "web.people.forms.CodeForm",
    "reauthenticate": "web.people.forms.ConfirmByCodeForm",
    "activate_totp": "web.people.forms.EnrolForm",
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# Files, headers, logs ------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
if PRODUCTION:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
WHITENOISE_USE_FINDERS = not PRODUCTION

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if flag("BEHIND_TLS_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many of our own proxies stand in front: so many of the last addresses in X-Forwarded-For are believed.
TRUSTED_PROXIES = int(os.environ.get("TRUSTED_PROXIES", "1" if flag("BEHIND_TLS_PROXY") else "0"))

# Scripts and styles are our own files, or carry the nonce of their page; charts set style attributes. Nothing is
# fetched from anywhere else, and no page is framed. The scanner's page allows WebAssembly besides (web.intake).
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [csp.NONE],
        "script-src": [csp.SELF, csp.NONCE],
        "style-src": [csp.SELF, csp.NONCE],
        "style-src-attr": [csp.UNSAFE_INLINE],
        "img-src": [csp.SELF, "data:", "blob:"],
        "media-src": [csp.SELF, "blob:"],
        "font-src": [csp.SELF],
        "connect-src": [csp.SELF],
        "manifest-src": [csp.SELF],
        "worker-src": [csp.SELF],
        "form-action": [csp.SELF],
        "base-uri": [csp.NONE],
        "frame-ancestors": [csp.NONE],
    }
}

LOGGING = logging_config(human=DEBUG, level=os.environ.get("LOG_LEVEL", "INFO"))
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
# A receipt names up to 1,000 batteries, each in a field of its own.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_100

# The ledger ----------------------------------------------------------------------------------------------------------

# Who reads identity codes: the core imports nothing above it, so it is told here.
IDENTITY_CODES = "batteries.codes"
# Called in order with the chains a write has touched; each keeps its own tables in step with the ledger.
PROJECTIONS = ["batteries.projection.project"]
# Called with many new batteries at once, after their `produced` events: the same tables, for first events only.
FOUNDINGS = ["batteries.projection.found"]
# The rows behind each type of master data, derived from the organisations' records.
MASTER_PROJECTIONS = {
    "organisation": "traceability.organisations.project",
    "model": "batteries.models_register.project",
    "listing": "recyclers.statements.project_listings",
    "permit": "recyclers.statements.project_permits",
    "declaration": "recyclers.statements.project_declarations",
    "declaration_reviewed": "recyclers.statements.project_reviews",
    "penalty": "recyclers.statements.project_penalties",
    "vehicle_scrapped": "batteries.vehicles.project_scrapped",
}
# Batches and lots: who keeps their tables, and who judges what organisations claim of them.
MATERIAL_PROJECTION = "recyclers.materials.project"
MATERIAL_REBUILD = "recyclers.lot_rebuilding.rebuild"
MATERIAL_CLAIMS = "recyclers.claims.Claims"
# Which batches took in a battery: what is used up is not taken apart or sent on (docs/records.md, «Used up»).
MATERIAL_USES = "recyclers.uses.Uses"
# Parameters of the audit (contract: printed with each result).
AUDIT_PARAMETERS = {
    "unreceived_days": 30,
    "stalled_days": 180,
    "scrapped_days": 30,
    "batch_days": 30,
    "future_minutes": 5,
    "tolerance_percent": "2",
}
# Of the dynamic list: so many years are judged to find what is still to be mended. Printed with every standing.
DYNAMIC_LIST = {"years": 5}
# One module a gap code, each with its `RULE`; and the relations that they speak of beside those of the core.
AUDIT_RULES = [
    "traceability.audit.rules.unknown_origin",
    "traceability.audit.rules.missing_link",
    "traceability.audit.rules.custody_break",
    "traceability.audit.rules.unannounced_receipt",
    "traceability.audit.rules.unreceived",
    "traceability.audit.rules.stalled",
    "traceability.audit.rules.late_report",
    "traceability.audit.rules.future_dated",
    "traceability.audit.rules.component_loss",
    "traceability.audit.rules.component_conflict",
    "traceability.audit.rules.forbidden_use",
    "traceability.audit.rules.lost",
    "batteries.audit_rules.vehicle_without_battery",
    "recyclers.audit_rules.unlicensed",
    "recyclers.audit_rules.unlisted",
    "recyclers.audit_rules.batch_missing",
    "recyclers.audit_rules.double_use",
    "recyclers.audit_rules.double_use_of_batches",
    "recyclers.audit_rules.unreceived_lots",
]
# Gap codes of batches that take exact arithmetic: one module each, with its `CHECK`.
AUDIT_CHECKS = ["recyclers.audit_rules.mass_imbalance"]
AUDIT_RELATIONS = ["batteries.audit_rules.RELATIONS", "recyclers.audit_rules.RELATIONS"]
# Where engines that read files find the relations, while a run lasts; for a cluster a folder that its workers share.
AUDIT_SNAPSHOTS_DIR = Path(os.environ.get("AUDIT_SNAPSHOTS_DIR", DATA_DIR / "snapshots"))
# What DuckDB may hold in memory; the rest it puts beside the snapshot.
AUDIT_DUCKDB_MEMORY = os.environ.get("AUDIT_DUCKDB_MEMORY", "2GB")
# A hand-over differs when the received mass is further off than this share of the sent mass.
MASS_DIFFERENCE_PERCENT = "1"
# What a battery cannot weigh, so that a slip of the unit is warned of (`implausible_mass`, never refused): more than so
# many times, or less than such a part of, what its maker registered or filed for its model; where nobody did, more than
# any battery of the level.
IMPLAUSIBLE_MASS = {"times": "2", "times_less": "10", "pack_kg": "5000", "module_kg": "1000", "cell_kg": "50"}
# Who knows what batteries weigh by their makers' word.
BATTERY_MASSES = "batteries.masses.registered"

# A battery seen at two sites: what it takes to get from the one to the other. Lorries and fast trains are slower;
# nearer than the free distance, sites are told too roughly to judge.
TRAVEL = {"kmh": 300, "free_km": 10}

# The law as dated data: instruments, clauses, deadlines (docs/law.md).
LAW_DIR = Path(os.environ.get("LAW_DIR", BASE_DIR / "fixtures" / "law"))

# How retired batteries are graded: industry usage, so a file that each house may replace.
GRADES_FILE = Path(os.environ.get("GRADES_FILE", BASE_DIR / "fixtures" / "grades.toml"))

# Tables that the auditors' role of PostgreSQL may not read: what signs people in, or labels (`traceability.roles`).
NOT_FOR_AUDITORS = [
    "sessions.Session",
    "traceability.ApiToken",
    "traceability.User",
    "mfa.Authenticator",
    "door.Attempt",
    "door.Pin",
    "batteries.LabelKey",
]

# Labels --------------------------------------------------------------------------------------------------------------


def label_host() -> str:
    """Read the address that labels begin with: a host and, if need be, a path, as it is printed (upper case)."""
    given = os.environ.get("LABEL_HOST", "").strip().upper().removeprefix("HTTPS://").strip("/")
    named = [host.upper() for host in ALLOWED_HOSTS if host and host[0] not in ".*["]
    return given or next(iter(named), "LOCALHOST")


LABEL_HOST = label_host()

# Files worked off in the background -----------------------------------------------------------------------------------

IMPORTS_DIR = Path(os.environ.get("IMPORTS_DIR", DATA_DIR / "imports"))
IMPORT_MAX_BYTES = int(os.environ.get("IMPORT_MAX_BYTES", 4 * 1024**3))
# How long a file that was worked off is kept, to give it back with its errors.
IMPORT_KEEP_DAYS = int(os.environ.get("IMPORT_KEEP_DAYS", "30"))
# Who works off each kind of file.
IMPORTS = {
    "registrations": "batteries.registration_jobs.run",
    "records": "traceability.capture_jobs.run",
    "listings": "recyclers.standing_jobs.run",
    "permits": "recyclers.standing_jobs.run",
}

# Photos and documents of events ------------------------------------------------------------------------------------

ATTACHMENTS_DIR = Path(os.environ.get("ATTACHMENTS_DIR", DATA_DIR / "attachments"))
ATTACHMENT_MAX_BYTES = int(os.environ.get("ATTACHMENT_MAX_BYTES", 20 * 1024**2))

# GraphQL -------------------------------------------------------------------------------------------------------------

GRAPHQL_INTROSPECTION = flag("GRAPHQL_INTROSPECTION", DEBUG)
GRAPHIQL = flag("GRAPHIQL", DEBUG)
# An organisation's bucket (0: nothing is counted), and how much of it comes back: traceability/door/budgets.py.
GRAPHQL_POINTS = {
    "size": int(os.environ.get("GRAPHQL_POINTS", "1200000")),
    "a_minute": int(os.environ.get("GRAPHQL_POINTS_A_MINUTE", "600000")),
}

TESTING = "pytest" in sys.modules
