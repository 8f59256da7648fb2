"""The sample entries and locks of each agent."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sloth_tui.model import Value

PACKAGES = ("nginx", "curl", "git", "postgresql-15", "redis-server", "certbot", "fail2ban", "htop")
CONFIG_FILES = (
    "/etc/nginx/nginx.conf",
    "/etc/app/config.ini",
    "/etc/redis/redis.conf",
    "/etc/ssh/sshd_config",
)


def _packages(names: tuple[str, ...], installed_at: int) -> dict[str, Value]:
    return {f"package:installed:{name}": str(installed_at + 97 * i) for i, name in enumerate(names)}


def _hashes(salt: str) -> dict[str, Value]:
    return {
        f"config:hash:{path}": hashlib.sha256(f"{salt} {path}".encode()).hexdigest() for path in CONFIG_FILES
    }


LOCAL: dict[str, Value] = {
    **_packages(PACKAGES, 1_790_000_000),
    **_hashes("local"),
    "deployment:version": "v2.3.1",
    "deployment:previous": "v2.3.0",
    "deployment:status": "complete",
    "deployment:replicas": "1",
    "environment:type": "development",
    "config:version": 7,
    "config:current": "7",
    "config:v7": {
        "listen": ["0.0.0.0:8080", "[::]:8080"],
        "workers": 4,
        "tls": False,
        "features": {"search": True, "beta": False, "quota_mb": 512.5},
    },
    "cluster:leader": "agent1",
    "temporary:upload:8f3a": "/srv/incoming/upload-8f3a.tar.gz",
    "temporary:upload:91bc": "/srv/incoming/upload-91bc.tar.gz",
    "user:www-data": "created",
    "dir:/var/www": "created",
    "service:nginx": "created",
    "backup:last_ok": True,
    "app:api_token": "tok_5f2b8d1c9e",
}

MARIAGUICA: dict[str, Value] = {
    **_packages(PACKAGES[:5], 1_788_400_000),
    **_hashes("mariaguica"),
    "deployment:version": "v2.3.0",
    "deployment:status": "in-progress",
    "environment:type": "staging",
    "backup:nightly": {"at": "02:30", "keep": 14, "targets": ["/srv", "/etc"], "ok": True},
    "backup:runs": 412,
    "sensor:temperature": 21.75,
    "message:greeting": "olá, 世界 👋",
    "certificate:fingerprint": bytes.fromhex("8ba4f1d2003c7e99ff10"),
}

PRODUCTION: dict[str, Value] = {
    **_packages(PACKAGES[:4], 1_785_000_000),
    **_hashes("production"),
    "deployment:version": "v2.2.9",
    "deployment:status": "complete",
    "deployment:replicas": "5",
    "environment:type": "production",
    "cluster:leader": "agent2",
    "cluster:members": ["agent1", "agent2", "agent3"],
    "database:migrations": 118,
    "database:password": "correct horse battery staple",
    **{f"host:web{i:02d}:kernel": f"6.1.{100 + i}" for i in range(1, 13)},
    **{f"host:web{i:02d}:rebooted": i % 3 == 0 for i in range(1, 13)},
}

AGENTS: dict[str, dict[str, Value]] = {"local": LOCAL, "mariaguica": MARIAGUICA, "production": PRODUCTION}

LOCKS = {
    "local": (("backup", "nightly", 3600.0), ("certificates", "certbot-renew", 45.0)),
    "mariaguica": (("backup", "nightly", 5400.0),),
    "production": (("deployment", "task-123", 300.0), ("migrations", "release-42", 30.0)),
}
"""Agent -> name, holder, seconds. The short locks are about to expire when the TUI opens."""
