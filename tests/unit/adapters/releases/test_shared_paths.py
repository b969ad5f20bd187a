"""What would be gone from a site that is taken over, told before it is."""

from rollout.adapters.releases.options import ReleaseOptions
from rollout.adapters.releases.shared_paths import unshared

LIVE = "/data/shop/releases/20260101000000"
BASE = ("base", "/data/shop/shared", LIVE)
OPTIONS = ReleaseOptions(
    to="/srv/shop", shared=("log", "public/system"), shared_files=("config/database.yml",)
)


def said(*facts: tuple[str, str, str]) -> list[tuple[str, str]]:
    return list(unshared([BASE, *facts], OPTIONS))


def test_what_the_live_release_shares_as_the_next_one_will_is_no_finding() -> None:
    assert not said(
        ("links-directory", "log", "/srv/shop/shared/log"),
        ("links-directory", "public/system", "../../../shared/public/system"),
        ("links-file", "config/database.yml", "/data/shop/shared/config/database.yml"),
        ("links-directory", "vendor/theme", "/opt/themes/shared/blue"),
        ("links-directory", "log/old", "/srv/shop/shared/old"),
    )


def test_a_directory_that_was_forgotten_in_the_settings_is_named() -> None:
    ((what, fix),) = said(("links-directory", "public/uploads", "/srv/shop/shared/public/uploads"))
    assert "shares public/uploads, and the next one would not" in what
    assert fix == 'add "public/uploads" to deploy.shared'


def test_so_is_a_file() -> None:
    ((_, fix),) = said(("links-file", ".env", "../../shared/.env"))
    assert fix == 'add ".env" to deploy.shared_files'


def test_where_capistrano_2_kept_it_is_linked_to_and_nothing_is_moved() -> None:
    fact = ("links-directory", "public/system", "/srv/shop/shared/system")
    ((what, fix),) = said(fact)
    assert "leads to shared/system" in what
    assert fix == (
        "mkdir -p /srv/shop/shared/public && { rmdir /srv/shop/shared/public/system 2>/dev/null; "
        "ln -s /srv/shop/shared/system /srv/shop/shared/public/system; }"
    )
    assert not said(fact, ("shared-filled", "public/system", ""))


def test_of_a_release_that_a_rollout_made_nothing_is_said() -> None:
    facts = [("links-directory", "public/uploads", "/srv/shop/shared/public/uploads")]
    assert not list(unshared(facts, OPTIONS))
