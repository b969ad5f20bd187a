"""What is offered to a host, by what ``ssh -G`` says."""

import pytest

from rollout.adapters.ssh.algorithms import (
    CIPHERS,
    HOST_KEYS,
    KEX,
    MACS,
    choose,
    for_signing,
    nothing_in_common,
)
from rollout.adapters.ssh.errors import Unsupported
from rollout.adapters.ssh.import_paramiko import paramiko
from rollout.adapters.ssh.transport import Transport
from tests.unit.adapters.ssh.test_config import answered

GOOD = (
    "ciphers chacha20-poly1305@openssh.com,aes256-ctr,aes128-ctr",
    "macs umac-64-etm@openssh.com,hmac-sha2-512,hmac-sha1",
    "kexalgorithms sntrup761x25519-sha512,curve25519-sha256,diffie-hellman-group14-sha1",
    "hostkeyalgorithms ssh-ed25519-cert-v01@openssh.com,rsa-sha2-512,ssh-ed25519,ssh-rsa",
)


def test_the_order_is_that_of_the_configuration() -> None:
    offered = choose(answered(*GOOD))
    assert offered.ciphers == ("aes256-ctr", "aes128-ctr")
    assert offered.macs == ("hmac-sha2-512",)
    assert offered.kex == ("curve25519-sha256",)
    assert offered.host_keys == ("rsa-sha2-512", "ssh-ed25519")


@pytest.mark.parametrize(
    ("line", "setting"),
    [
        ("ciphers aes128-cbc,aes256-cbc,3des-cbc", "Ciphers"),
        ("macs hmac-sha1,hmac-md5,hmac-sha1-96,hmac-md5-96", "MACs"),
        ("kexalgorithms diffie-hellman-group1-sha1,diffie-hellman-group14-sha1", "KexAlgorithms"),
        ("hostkeyalgorithms ssh-rsa,ssh-dss,x,y,z", "HostKeyAlgorithms"),
        ("ciphers ", "Ciphers"),
    ],
)
def test_what_is_weak_is_never_offered_even_where_nothing_else_is_left(
    line: str, setting: str
) -> None:
    with pytest.raises(Unsupported, match=f"configured with {setting} ") as caught:
        choose(answered(*GOOD, line))
    assert f"{setting} " in caught.value.fix


def test_a_long_list_is_told_by_its_beginning() -> None:
    with pytest.raises(Unsupported, match=r"ssh-rsa, a, b, c and 2 more for web1"):
        choose(answered(*GOOD, "hostkeyalgorithms ssh-rsa,a,b,c,d,e"))


def test_the_library_can_do_all_that_may_be_offered() -> None:
    known = vars(Transport)["_kex_info"]
    assert set(KEX) <= set(known)
    theirs = vars(paramiko.Transport)
    assert set(CIPHERS) <= set(theirs["_cipher_info"])
    assert set(MACS) <= set(theirs["_mac_info"])
    assert set(HOST_KEYS) <= set(theirs["_key_info"])


@pytest.mark.parametrize(
    ("kind", "accepted", "by"),
    [
        ("ssh-ed25519", "ssh-ed25519,rsa-sha2-512", "ssh-ed25519"),
        ("ssh-ed25519", "rsa-sha2-512", ""),
        ("ssh-rsa", "rsa-sha2-256,ssh-rsa,rsa-sha2-512", "rsa-sha2-256,rsa-sha2-512"),
        ("ssh-rsa", "ssh-rsa", ""),
        ("ssh-rsa", "rsa-sha2-512-cert-v01@openssh.com", ""),
        ("ssh-rsa-cert-v01@openssh.com", "rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-512"),
        ("ssh-rsa-cert-v01@openssh.com", "rsa-sha2-512", ""),
        ("ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", ""),
    ],
)
def test_a_key_signs_by_what_is_accepted(kind: str, accepted: str, by: str) -> None:
    assert ",".join(for_signing(kind, accepted.split(","))) == by


def test_a_sentence_of_the_library_that_is_not_known_is_passed_on() -> None:
    error = nothing_in_common(answered(*GOOD), "no acceptable compression")
    assert "no acceptable compression" in error.what
    assert error.fix == "ssh -v web1 true"
