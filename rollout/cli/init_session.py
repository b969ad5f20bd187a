"""The steps of ``rollout init``: look, ask what cannot be seen, and propose settings."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, TypeVar

from rollout.adapters.haproxy.config_file import read_config_file, sockets_here
from rollout.cli.console import print_error
from rollout.cli.init_questions import Questions
from rollout.cli.init_request import InitRequest, named_places
from rollout.cli.init_wiring import UnknownSite, open_unknown_site
from rollout.discovery.deploys import choose_deploy
from rollout.discovery.fleet import SeenBalancer, SeenFleet, SeenHost, SocketPlace
from rollout.discovery.host_mapping import HostMapping
from rollout.discovery.instances import InstanceChoice, choose_instances
from rollout.discovery.look import (
    check_paths,
    find_group,
    find_layouts,
    look_at_hosts,
    map_hosts,
    read_balancers,
)
from rollout.discovery.probes import ProbeChoice, choose_probe
from rollout.model.errors import ActionableError, RolloutError, SettingsError
from rollout.model.fleet import Finding
from rollout.text.suggest import did_you_mean

T = TypeVar("T")

MOST_NAMED = 10


class InitSession:
    """One look at an unknown fleet; questions are asked between its steps.

    Each step has an event loop only while it runs, so that Ctrl-C ends a question at once.
    """

    def __init__(self, request: InitRequest, questions: Questions) -> None:
        self._request = request
        self._questions = questions
        self._runner = asyncio.Runner()
        self._closing = AsyncExitStack()
        self.section = ""

    def close(self) -> None:
        """Hang up everywhere."""
        try:
            self._runner.run(self._closing.aclose())
        finally:
            self._runner.close()

    def look(self) -> SeenFleet | None:
        """Look at the whole fleet; None where the plain template was asked for.

        Raises:
            RolloutError: a load balancer cannot be read, or no host is known.
        """
        found = self._read_balancers()
        if found is None:
            return None
        site, balancers = found
        self.section = site.readers.finder.section
        backends, mapping = self._map(site, balancers)
        print_error(f"looking at {', '.join(mapping.hosts)} by ssh")
        hosts = self._do(look_at_hosts(mapping.hosts, site.readers))
        _show_troubles([host.trouble for host in hosts.values() if host.trouble])
        choice = self._choose_instances(mapping, hosts)
        layouts = self._do(find_layouts(choice, hosts, site.readers.inspector))
        app = self._app(backends)
        names = [app[0], *dict.fromkeys(name for found in backends.values() for name in found)]
        seen = SeenFleet(
            app=app,
            balancers=balancers,
            backends=backends,
            mapping=mapping,
            hosts=hosts,
            instances=choice,
            group=self._do(find_group(choice, hosts, names, site.readers.finder)),
            deploy=self._do(choose_deploy(mapping.hosts, layouts, site.deploy_trial)),
        )
        return replace(seen, probe=self._probe(site, seen))

    def _read_balancers(self) -> tuple[UnknownSite, Sequence[SeenBalancer]] | None:
        """Ask for admin sockets until all that are named can be read."""
        places: Sequence[SocketPlace] = self._request.places
        asked = not places
        here = sockets_here(read_config_file())
        while True:
            if asked:
                said = self._questions.sockets(here)
                if not said:
                    return None
                places = named_places(said)
            try:
                return self._open(places)
            except RolloutError as error:
                if not (asked and self._questions.interactive):
                    raise
                self._questions.show(error)

    def _open(self, places: Sequence[SocketPlace]) -> tuple[UnknownSite, Sequence[SeenBalancer]]:
        site = open_unknown_site(places, self._request.ssh_config, self._closing)
        balancers = self._do(read_balancers(places, site.balancers))
        for one in balancers:
            if one.snapshot is None:
                trouble = one.notes[0]
                name = one.place.name  # over ssh also that of the host, which the trouble may name
                raise ActionableError(name, trouble.what.removeprefix(f"{name}: "), trouble.fix)
            print_error(f"{one.place.name}: HAProxy {one.snapshot.version} at {one.place}")
            for note in one.notes:
                print_error(f"{note.where}: {note.what}", f"  fix: {note.fix}")
        return site, balancers

    def _map(
        self, site: UnknownSite, balancers: Sequence[SeenBalancer]
    ) -> tuple[dict[str, tuple[str, ...]], HostMapping]:
        """Find the hosts of all servers, then keep to the backends that are managed."""
        rows = [row for one in balancers for found in one.backends().values() for row in found]
        ssh_of = {one.place.name: one.place.ssh for one in balancers}
        said = dict(self._request.hosts)
        names = site.readers.names
        everything = self._do(map_hosts(rows, names, ssh_of, said))
        backends = self._choose_backends(balancers, everything)
        mapping = everything.of_backends(backends)
        if answers := self._questions.hosts_of(mapping.unmapped):
            said |= answers
            mapping = self._do(map_hosts(rows, names, ssh_of, said)).of_backends(backends)
        if not mapping.mapped:
            raise no_host_known(mapping)
        return backends, mapping

    def _choose_backends(
        self, balancers: Sequence[SeenBalancer], mapping: HostMapping
    ) -> dict[str, tuple[str, ...]]:
        there = {name: rows for one in balancers for name, rows in one.backends().items()}
        if not there:
            raise RolloutError("HAProxy shows no server in any backend: there is nothing to manage")
        if unknown := [name for name in self._request.backends if name not in there]:
            near = did_you_mean(unknown[0], there)
            listed = f"; it has {', '.join(there)}"
            raise SettingsError([f"--backend: HAProxy has no backend {unknown[0]}{near}{listed}"])
        known = {one.row.server.backend for one in mapping.mapped}
        proposed = self._request.backends or tuple(name for name in there if name in known)
        proposed = proposed or tuple(there)
        if not self._request.backends and len(there) > 1:
            proposed = self._questions.backends(there, proposed)
        return {
            one.place.name: tuple(name for name in one.backends() if name in proposed)
            for one in balancers
        }

    def _choose_instances(
        self, mapping: HostMapping, hosts: Mapping[str, SeenHost]
    ) -> InstanceChoice:
        watched = {name: host.processes for name, host in hosts.items() if host.supervised}
        ports = {
            host: frozenset(row.port for row in mapping.of_host(host) if row.port)
            for host in mapping.hosts
        }
        choice = choose_instances(watched, ports, self._request.match)
        if not choice.match and watched:
            names = dict.fromkeys(one.name for found in watched.values() for one in found)
            if match := self._questions.match([*names], choice.reason):
                return choose_instances(watched, ports, match)
        return choice

    def _app(self, backends: Mapping[str, Sequence[str]]) -> tuple[str, str]:
        if self._request.app:
            return self._request.app, "As it was given as an option, or answered."
        first = next(name for found in backends.values() for name in found)
        name = self._questions.app(first)
        why = "The name of the first backend; rename it as you like." if name == first else ""
        return name, why or "As it was given as an option, or answered."

    def _probe(self, site: UnknownSite, seen: SeenFleet) -> ProbeChoice:
        """Try the paths that HAProxy's own checks ask for, then the usual ones."""
        paths = self._do(check_paths(seen, site.configuration))
        try:
            chosen = choose_probe(site.trial, seen.instances.instances_of(seen.watched()), paths)
            return self._do(chosen)
        except RolloutError as error:
            return ProbeChoice("", f"it could not be asked: {error}")

    def _do(self, step: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(step)


def _show_troubles(troubles: Sequence[Finding]) -> None:
    """Print what failed on each host, and the fix once for those that have the same trouble."""
    fixed = set()
    for trouble in troubles:
        fix = f"\n  fix: {trouble.fix}" if trouble.fix and trouble.what not in fixed else ""
        print_error(f"{trouble.where}: {trouble.what}{fix}")
        fixed.add(trouble.what)


def no_host_known(mapping: HostMapping) -> ActionableError:
    """Return the error that names the servers whose hosts are not known, and why."""
    lines = dict.fromkeys(  # the same server on another load balancer says nothing more
        f"  {one.row.server.backend}/{one.row.server.name}: {one.why}" for one in mapping.unmapped
    )
    fix = next((one.fix for one in mapping.unmapped), "")
    named = [*lines][:MOST_NAMED]
    what = "\n".join(["no host behind HAProxy's servers is known:", *named])
    return ActionableError("", what, fix)
