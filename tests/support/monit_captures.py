"""What each captured ``monit status`` says of each process, in the words of the tests.

The phrase, then the processes it is said of.  "running" is only said of a process with a pid and
nothing pending, and is no proof of anything: the three false successes are in there.
"""

SAID: dict[str, dict[str, str]] = {
    "5.0.3-boot.status.txt": {
        "not monitored": "mongrel_8000",
        "initializing": (
            "mongrel_8001 mongrel_8002 mongrel_fail mongrel_conn mongrel_res mongrel_stopped"
        ),
    },
    "5.0.3-connection-failed.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002",
        "not monitored": "mongrel_fail mongrel_stopped",
        "initializing": "mongrel_conn",
        "resource limit matched": "mongrel_res",
    },
    "5.0.3-execution-failed.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 mongrel_conn",
        "not monitored": "mongrel_fail mongrel_stopped",
        "resource limit matched": "mongrel_res",
    },
    "5.0.3-ok.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 mongrel_fail mongrel_conn",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.0.3-restart-t0.1.status.txt": {
        "restart pending on not monitored": "mongrel_8000",
        "restart pending on running": "mongrel_8001 mongrel_8002",
        "running": "mongrel_fail mongrel_conn",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.0.3-restart-t2.status.txt": {
        "restart pending on not monitored": "mongrel_8000",
        "restart pending on running": "mongrel_8001 mongrel_8002",
        "running": "mongrel_fail mongrel_conn",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.0.3-restart-t5.status.txt": {
        "initializing": "mongrel_8000",
        "restart pending on not monitored": "mongrel_8001",
        "restart pending on running": "mongrel_8002",
        "running": "mongrel_fail mongrel_conn",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.3.2-ok.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 mongrel_fail mongrel_conn",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.14-boot.status.txt": {
        "does not exist": "mongrel_8000 mongrel_8001",
        "initializing": "mongrel_8002 mongrel_fail mongrel_conn mongrel_res mongrel_stopped",
    },
    "5.14-connection-failed.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002",
        "execution failed": "mongrel_fail",
        "running without a pid": "mongrel_conn",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.14-execution-failed.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 mongrel_conn",
        "execution failed": "mongrel_fail",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.14-ok.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 mongrel_fail mongrel_conn",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.14-restart-t0.1.status.txt": {
        "restart pending on running": "mongrel_8000 mongrel_8001 mongrel_8002",
        "running": "mongrel_fail mongrel_conn",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.14-restart-t2.status.txt": {
        "restart pending on running": "mongrel_8000 mongrel_8001 mongrel_8002",
        "running": "mongrel_fail mongrel_conn",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.14-restart-t5.status.txt": {
        "running without a pid": "mongrel_8000",
        "restart pending on running": "mongrel_8001 mongrel_8002",
        "running": "mongrel_fail mongrel_conn",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.18-boot.status.txt": {
        "does not exist": "mongrel_8000",
        "initializing": (
            "mongrel_8001 mongrel_8002 mongrel_fail mongrel_conn mongrel_res mongrel_stopped"
        ),
    },
    "5.18-connection-failed.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 mongrel_conn",
        "execution failed | does not exist": "mongrel_fail",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.18-execution-failed.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 mongrel_conn",
        "initializing": "mongrel_fail",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.18-ok.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 mongrel_fail mongrel_conn",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.18-restart-t0.1.status.txt": {
        "running": "mongrel_8000 mongrel_fail mongrel_conn",
        "restart pending on running": "mongrel_8001 mongrel_8002",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.18-restart-t2.status.txt": {
        "running": "mongrel_8000 mongrel_fail mongrel_conn",
        "restart pending on running": "mongrel_8001 mongrel_8002",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.18-restart-t5.status.txt": {
        "initializing": "mongrel_8000",
        "running": "mongrel_8001 mongrel_fail mongrel_conn",
        "restart pending on running": "mongrel_8002",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.27.2-boot.status.txt": {
        "does not exist": "mongrel_8000",
        "initializing": (
            "mongrel_8001 mongrel_8002 mongrel_fail mongrel_conn mongrel_res mongrel_stopped"
        ),
    },
    "5.27.2-connection-failed.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 mongrel_conn",
        "execution failed | does not exist": "mongrel_fail",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.27.2-execution-failed.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 mongrel_conn",
        "initializing": "mongrel_fail",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.27.2-ok.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 mongrel_fail mongrel_conn",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.27.2-restart-t0.1.status.txt": {
        "restart pending on ok": "mongrel_8000 mongrel_8001 mongrel_8002",
        "running": "mongrel_fail mongrel_conn",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.27.2-restart-t2.status.txt": {
        "restart pending on ok": "mongrel_8000 mongrel_8001 mongrel_8002",
        "running": "mongrel_fail mongrel_conn",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.27.2-restart-t5.status.txt": {
        "initializing": "mongrel_8000",
        "restart pending on ok": "mongrel_8001 mongrel_8002",
        "running": "mongrel_fail mongrel_conn",
        "resource limit matched": "mongrel_res",
        "not monitored": "mongrel_stopped",
    },
    "5.33-boot-first-cycle.status.txt": {
        "does not exist": "mongrel_8000 mongrel_8001",
        "initializing": "mongrel_8002 mongrel_8003 sidekiq_0",
    },
    "5.33-connection-failed.status.txt": {
        "running": "mongrel_8000 flap stale matchd pidchg forky mongrel_zz_nopidchg",
        "connection failed": "conn_alert conn_restart",
    },
    "5.33-crash-after-start.status.txt": {
        "running": "ok_0 exit1_peer late8 late8_to3 noterm",
        "execution failed | does not exist": "exit1",
        "initializing": "hang",
        "restart pending on ok": "crash",
    },
    "5.33-long-names.status.txt": {
        "running": (
            "mongrel_production_customer_portal_application_8000 mongrel_8001 "
            "mongrel_30_char_name_exactly__x mongrel_32_char_name_exactly__xyz"
        ),
    },
    "5.33-many-initial.status.txt": {
        "does not exist": "mongrel_8000 conn_alert conn_restart resource pidchg uptime",
        "initializing": "every3 master worker_a worker_b passive cron",
        "not monitored": "manual",
    },
    "5.33-many-states.status.txt": {
        "running": "mongrel_8000 conn_alert conn_restart pidchg master worker_a worker_b",
        "resource limit matched": "resource",
        "uptime failed": "uptime",
        "does not exist, waiting": "every3",
        "does not exist": "passive",
        "not monitored": "manual",
        "waiting": "cron",
    },
    "5.33-monitor-pending.status.txt": {
        "running": "mongrel_8000 conn_alert conn_restart pidchg every3 master worker_a worker_b",
        "resource limit matched": "resource",
        "uptime failed": "uptime",
        "does not exist": "passive",
        "not monitored": "manual",
        "waiting": "cron",
    },
    "5.33-ok.group-status.txt": {
        "running": "mongrel_8003 sidekiq_0",
    },
    "5.33-ok.status-B.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 mongrel_8003 sidekiq_0",
    },
    "5.33-ok.status-one.txt": {
        "running": "mongrel_8001",
    },
    "5.33-ok.status-tty.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 mongrel_8003 sidekiq_0",
    },
    "5.33-ok.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 mongrel_8003 sidekiq_0",
    },
    "5.33-pid-changed.status.txt": {
        "pid changed": "mongrel_8000",
        "running": "mongrel_8001",
    },
    "5.33-restart-t0-before.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 sidekiq_0",
    },
    "5.33-restart-t0.1.group-status.txt": {
        "restart pending on ok": "mongrel_8000 mongrel_8001 mongrel_8002",
    },
    "5.33-restart-t0.1.status.txt": {
        "restart pending on ok": "mongrel_8000 mongrel_8001 mongrel_8002",
        "running": "sidekiq_0",
    },
    "5.33-restart-t1.5.group-status.txt": {
        "restart pending on ok": "mongrel_8000 mongrel_8001 mongrel_8002",
    },
    "5.33-restart-t1.5.status.txt": {
        "restart pending on ok": "mongrel_8000 mongrel_8001 mongrel_8002",
        "running": "sidekiq_0",
    },
    "5.33-restart-t12.group-status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002",
    },
    "5.33-restart-t12.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 sidekiq_0",
    },
    "5.33-restart-t3.group-status.txt": {
        "initializing": "mongrel_8000",
        "restart pending on ok": "mongrel_8001 mongrel_8002",
    },
    "5.33-restart-t3.status.txt": {
        "initializing": "mongrel_8000",
        "restart pending on ok": "mongrel_8001 mongrel_8002",
        "running": "sidekiq_0",
    },
    "5.33-restart-t5.group-status.txt": {
        "initializing": "mongrel_8000",
        "restart pending on ok": "mongrel_8001 mongrel_8002",
    },
    "5.33-restart-t5.status.txt": {
        "initializing": "mongrel_8000",
        "restart pending on ok": "mongrel_8001 mongrel_8002",
        "running": "sidekiq_0",
    },
    "5.33-restart-t7.group-status.txt": {
        "initializing": "mongrel_8000 mongrel_8001",
        "restart pending on ok": "mongrel_8002",
    },
    "5.33-restart-t7.status.txt": {
        "initializing": "mongrel_8000 mongrel_8001",
        "restart pending on ok": "mongrel_8002",
        "running": "sidekiq_0",
    },
    "5.33-restart-t9.group-status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002",
    },
    "5.33-restart-t9.status.txt": {
        "running": "mongrel_8000 mongrel_8001 mongrel_8002 sidekiq_0",
    },
    "5.33-stale-dead-process-shown-ok.status.txt": {
        "running": "mongrel_8000 mongrel_8001",
    },
    "5.33-start-fails-after.status.txt": {
        "running": "ok_0 hang crash late8 late8_to3 noterm",
        "initializing": "exit1",
        "restart pending on ok": "exit1_peer",
    },
    "5.33-start-fails-during.status.txt": {
        "running": "ok_0 hang crash late8 late8_to3 noterm",
        "restart pending on initializing": "exit1",
        "restart pending on ok": "exit1_peer",
    },
    "5.33-start-hang-after-timeout.status.txt": {
        "running": "ok_0 exit1_peer crash late8 late8_to3 noterm",
        "initializing": "exit1 hang",
    },
    "5.33-start-pending.status.txt": {
        "start pending on not monitored": "mongrel_8000",
        "running": "conn_alert conn_restart pidchg every3 master worker_a worker_b",
        "resource limit matched": "resource",
        "uptime failed": "uptime",
        "does not exist": "passive",
        "not monitored": "manual",
        "waiting": "cron",
    },
    "5.33-start-timeout-late-pid.status.txt": {
        "running": "ok_0 exit1_peer noterm",
        "execution failed | does not exist": "exit1 hang",
        "does not exist": "crash",
        "initializing": "late8",
        "restart pending on initializing": "late8_to3",
    },
    "5.33-stop-pending.status.txt": {
        "stop pending on ok": "mongrel_8000",
        "running": "conn_alert conn_restart pidchg master worker_a worker_b",
        "resource limit matched": "resource",
        "uptime failed": "uptime",
        "does not exist, waiting": "every3",
        "does not exist": "passive",
        "not monitored": "manual",
        "waiting": "cron",
    },
    "5.33-stop-timeout-after.status.txt": {
        "running": "ok_0 exit1_peer late8 late8_to3",
        "initializing": "exit1 noterm",
        "execution failed | does not exist": "hang",
        "does not exist": "crash",
    },
    "5.33-stop-timeout-old-pid-ok.status.txt": {
        "running": "noterm slowstop slowstop_to3",
    },
    "5.33-stop-timeout.status.txt": {
        "running": "ok_0 exit1_peer",
        "execution failed | does not exist": "exit1 late8_to3",
        "initializing": "hang late8",
        "does not exist": "crash",
        "restart pending on ok": "noterm",
    },
    "5.33-stopped-not-monitored.status.txt": {
        "not monitored": "mongrel_8000 manual",
        "running": "conn_alert conn_restart pidchg every3 master worker_a worker_b",
        "resource limit matched": "resource",
        "uptime failed": "uptime",
        "does not exist": "passive",
        "waiting": "cron",
    },
    "5.33-unmonitor-pending.status.txt": {
        "not monitored": "mongrel_8000 manual",
        "running": "conn_alert conn_restart pidchg master worker_a worker_b",
        "resource limit matched": "resource",
        "uptime failed": "uptime",
        "running, waiting": "every3",
        "does not exist": "passive",
        "waiting": "cron",
    },
    "5.33-unmonitored-by-restart-limit.status.txt": {
        "running": "mongrel_8000 conn_alert conn_restart matchd pidchg forky mongrel_zz_nopidchg",
        "not monitored": "flap",
        "does not exist": "stale",
    },
    "5.33-unmonitored.status.txt": {
        "not monitored": "mongrel_8000 manual",
        "running": "conn_alert conn_restart pidchg master worker_a worker_b",
        "resource limit matched": "resource",
        "uptime failed": "uptime",
        "running, waiting": "every3",
        "does not exist": "passive",
        "waiting": "cron",
    },
}
