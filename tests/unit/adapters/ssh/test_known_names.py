"""The names that ssh's files have: no patterns, no hashes, nothing that ssh takes for an option."""

import asyncio
from pathlib import Path

import pytest

from rollout.adapters.local.thread_pool import Pool
from rollout.adapters.ssh import Ssh, SshOptions
from rollout.adapters.ssh.known_names import SshHostNames, names_in_config
from rollout.ports.discovery import HostName, NameSource

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBGs2VTT1xJzQ7J0uEwH1bq4Vxp9Vq4p0rQk7mR3n4XY"


def test_names_come_in_the_order_of_ssh_with_what_is_included(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b").write_text("Host web3\n")
    (tmp_path / "more" / "a").write_text('Host "web2"\nInclude ../config\n')
    config = tmp_path / "config"
    config.write_text(
        "# Host no\nHost web1 *.example.com !bad web1.example.com\n  HostName 10.0.0.1\n"
        "Include more/* /nowhere/*\n"
        "host=lb1\nHost -oProxyCommand=x\nHost web4 # a remark\nHost 'torn\nMatch host web9\n"
    )
    assert list(dict.fromkeys(names_in_config(config))) == [
        *("web1", "web1.example.com", "web2", "web3", "lb1", "web4"),
    ]


def test_a_file_that_is_not_there_has_no_names(tmp_path: Path) -> None:
    assert [*names_in_config(tmp_path / "none")] == []
    assert [*names_in_config(tmp_path)] == []


@pytest.fixture
def names(tmp_path: Path) -> SshHostNames:
    known = tmp_path / "known_hosts"
    known.write_text(
        f"web7,127.0.0.7 {KEY}\n[web8]:2222 {KEY}\n*.x {KEY}\n127.0.0.9 {KEY}\n"
        f"|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= {KEY}\n"
    )
    config = tmp_path / "config"
    config.write_text(
        f"Host web1\n  HostName 127.0.0.1\n  Port 2201\nHost *\n  UserKnownHostsFile {known}\n"
        "  GlobalKnownHostsFile /dev/null\n"
    )
    return SshHostNames(Ssh(SshOptions(config=config)), config, Pool(4))


def test_names_of_known_hosts_are_told_without_patterns_and_addresses(names: SshHostNames) -> None:
    assert asyncio.run(names.in_known_hosts()) == ("web7",)
    assert asyncio.run(names.configured()) == ("web1",)


def test_a_name_leads_where_ssh_says(names: SshHostNames) -> None:
    found = asyncio.run(names.resolve(["web1", "-oX", "a b", ""], NameSource.SSH_CONFIG))
    assert found == (
        HostName(name="web1", source=NameSource.SSH_CONFIG, addresses=("127.0.0.1",), port=2201),
    )


def test_an_address_is_a_name_where_its_host_key_is_known(names: SshHostNames) -> None:
    (found,) = asyncio.run(names.of_address("127.0.0.9"))
    assert (found.name, found.source) == ("127.0.0.9", NameSource.ADDRESS)
    assert asyncio.run(names.of_address("127.0.0.10")) == ()
