"""Web and mail addresses: which of them are an organisation's own, and under which domain.

There is no list of public suffixes here (it changes weekly, and is a file of 300 kB): a domain is the last two labels
of a host, or three where a country keeps a second level for kinds of bodies (`org.uk`, `or.th`).
"""

from __future__ import annotations

import re
from functools import lru_cache

SHARED_HOSTS = frozenset(
    """
    about.me bit.ly blogspot.com chat.whatsapp.com data.humdata.org docs.google.com drive.google.com eventbrite.com
    example.com example.net example.org facebook.com fb.com fb.me flickr.com forms.gle github.com github.io gofundme.com
    goo.gl google.com guidestar.org humdata.org idealist.org instagram.com issuu.com line.me linkedin.com linktr.ee
    m.facebook.com medium.com meetup.com notion.site ok.ru patreon.com paypal.com reliefweb.int scribd.com
    sites.google.com skype.com soundcloud.com squarespace.com substack.com t.me telegram.me telegram.org tiktok.com
    tinyurl.com tumblr.com twitter.com un.org vimeo.com vk.com wa.me wechat.com weebly.com weibo.com whatsapp.com
    wikipedia.org wix.com wixsite.com wordpress.com x.com youtu.be youtube.com zoom.us
    """.split()
)
"""Hosts where anybody may have a page, and those that people write when they have none."""

HOSTING = frozenset(
    """
    blogspot.com business.site e-monsite.com github.io godaddysites.com google.com jimdo.com jimdofree.com jimdosite.com
    mystrikingly.com netlify.app ning.com notion.site over-blog.com site123.me squarespace.com substack.com tumblr.com
    webnode.com webs.com weebly.com wixsite.com wordpress.com yolasite.com
    """.split()
)
"""Domains below which each customer has a host of its own."""

FREE_MAIL = frozenset(
    """
    126.com 163.com abv.bg aol.com bluewin.ch btinternet.com comcast.net daum.net dnet.net.id eircom.net fastmail.com
    free.fr gmail.com googlemail.com hanmail.net hush.com hushmail.com icloud.com inbox.ru kakao.com laposte.net
    libero.it list.ru live.ca live.co.uk live.com live.fr live.nl mac.com mail.com mail.ru mailbox.org me.com msn.com
    naver.com ntlworld.com o2.pl orange.fr pm.me posteo.de posteo.net proton.me protonmail.ch protonmail.com qq.com
    rambler.ru riseup.net rocketmail.com seznam.cz sfr.fr shaw.ca sina.com sympatico.ca t-online.de telus.net tuta.io
    tutanota.com ukr.net verizon.net videotron.ca wanadoo.fr web.de wp.pl ya.ru yeah.net ymail.com zoho.com
    """.split()
)
"""Mail domains where anybody may have a mailbox."""

FREE_MAIL_FAMILIES = frozenset("gmx hotmail outlook rediffmail yahoo yandex".split())
"""And those that are so below every country's domain: `yahoo.co.th`."""

# Kinds of bodies that registries keep below a country code.
_SECOND_LEVELS = frozenset(
    "ac asn co com edu gen go gob gouv gov govt gv id in info int ltd me mi mil ne net ngo nom or org sch web".split()
)

# A deeper path is a page on somebody else's site: a clinic at its university, a project at its funder.
_OWN_SITE = re.compile(
    r"https?://(?:www\d?\.)?([\w.-]+\.[\w-]+?)\.?(?::\d+)?(?:/(?:(?:[a-z]{2}(?:[-_][a-z]{2,4})?|home|index\.(?:html?|php))/?)?)?(?:[?#].*)?",
    re.IGNORECASE,
)  # fmt: skip


@lru_cache(4096)
def own_host(website: str) -> str | None:
    """The host of an address that is a site of its own, in lower case without `www.`; else None.

    Paths that only choose a language are no paths: `https://www.house.example/fr/` is `house.example`.
    """
    found = _OWN_SITE.fullmatch(website)
    host = found[1].lower() if found else None
    return None if host in SHARED_HOSTS or host in HOSTING else host


@lru_cache(4096)
def domain(host: str) -> str:
    """What somebody registered to have that host: `house.org.uk` of `thai.house.org.uk`; of a customer of a hosting
    company its own host."""
    labels = host.split(".")
    size = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS else 2
    found = ".".join(labels[-size:])
    return ".".join(labels[-size - 1 :]) if found in HOSTING else found


def mail_domain(email: str) -> str | None:
    """The domain of a mailbox at an organisation's own server; None where anybody may have one."""
    host = email.rpartition("@")[2].lower().rstrip(".")
    if "." not in host or host in FREE_MAIL or host in SHARED_HOSTS:
        return None
    found = domain(host)
    free = found in FREE_MAIL or found.partition(".")[0] in FREE_MAIL_FAMILIES
    return None if free or found in SHARED_HOSTS else found
