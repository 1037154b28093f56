"""Where a request comes from: the address that failed attempts are counted for."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """Give the caller's address; an IPv6 caller is its /64, of which it can choose any address.

    Behind proxies (`settings.TRUSTED_PROXIES` of them) it is what the outermost of ours wrote into X-Forwarded-For;
    what stands before that is the caller's own invention.
    """
    found = str(request.META.get("REMOTE_ADDR", ""))
    proxies = settings.TRUSTED_PROXIES
    if proxies:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        if len(hops) >= proxies:
            found = hops[-proxies]
    return _network(found)


def _network(text: str) -> str:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        # A Unix socket or a malformed header: all of those share one count.
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False).network_address)
    return str(found)
