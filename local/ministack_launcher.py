"""Starts MiniStack with the four things that Interlock's local mode needs and MiniStack does not do.

1. A CloudWatch alarm that changes state puts the event that AWS documents ("CloudWatch Alarm State Change") on
   the default bus. MiniStack keeps the state and runs SNS actions, but emits no event.
2. The root key of the emulator (never a Lambda's role) may put events with source `aws.cloudwatch`, so that the
   storm scenario and the benches can deliver a thousand duplicates.
3. It stops with its whole process group when the process that started it goes away: standard input is a pipe
   whose other end only that process holds. Nothing is left running, even after `kill -9`.
4. Calls are authorised as AWS authorises them, and tags are found: see `ministack_authorisation.py`.

Port 443 is left alone: MiniStack would take it too when it may.
"""

import json
import os
import signal
import sys
import threading
import time
import uuid
from datetime import datetime, timezone

from ministack import app
from ministack.core import iam_evaluator
from ministack.services import cloudwatch, eventbridge

# Python runs isolated (`-I`), so that nothing of the user's own gets in: only this file's folder is added, and nothing is
# written into it.
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ministack_authorisation

# State of each alarm before its latest change, as AWS reports it in `previousState`. Keyed by ARN.
_states: dict[str, dict] = {}


def _timestamp(epoch_seconds: float) -> str:
    at = datetime.fromtimestamp(epoch_seconds, tz=timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"


def _reason_data(alarm: dict, now: float) -> str | None:
    """`reasonData` of a metric alarm: what was looked at, and the threshold. None without a single metric."""
    if not alarm.get("MetricName"):
        return alarm.get("StateReasonData")
    period = alarm.get("Period", 60)
    start = now - period * alarm.get("EvaluationPeriods", 1)
    points = [
        point
        for (namespace, name, _), found in cloudwatch._metrics.items()
        if namespace == alarm.get("Namespace") and name == alarm["MetricName"]
        for point in found
        if point["Timestamp"] >= start
    ]
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average")
    value = cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points) if points else None
    return json.dumps(
        {
            "version": "1.0",
            "queryDate": _timestamp(now),
            "startDate": _timestamp(start),
            "statistic": statistic,
            "period": period,
            "recentDatapoints": [] if value is None else [value],
            "threshold": alarm.get("Threshold", 0),
        }
    )


def _configuration(alarm: dict) -> dict:
    description = {"description": alarm["AlarmDescription"]} if alarm.get("AlarmDescription") else {}
    if alarm.get("AlarmRule"):
        return {"alarmRule": alarm["AlarmRule"], **description}
    if not alarm.get("MetricName"):
        return {"metrics": alarm.get("Metrics", []), **description}
    dimensions = {d["Name"]: d["Value"] for d in alarm.get("Dimensions", [])}
    return {
        "metrics": [
            {
                "id": str(uuid.uuid5(uuid.NAMESPACE_URL, alarm["AlarmArn"])),
                "metricStat": {
                    "metric": {
                        "namespace": alarm.get("Namespace", ""),
                        "name": alarm["MetricName"],
                        "dimensions": dimensions,
                    },
                    "period": alarm.get("Period", 60),
                    "stat": alarm.get("ExtendedStatistic") or alarm.get("Statistic", "Average"),
                },
                "returnData": True,
            }
        ],
        **description,
    }


def _emit_state_change(alarm: dict, old_state: str, new_state: str, reason: str) -> None:
    now = time.time()
    arn = alarm["AlarmArn"]
    reason_data = _reason_data(alarm, now)
    state = {"value": new_state, "reason": reason, "timestamp": _timestamp(now)}
    if reason_data is not None:
        state["reasonData"] = reason_data
    previous = _states.get(arn)
    if previous is None or previous["value"] != old_state:
        previous = {"value": old_state, "reason": "Unchecked: Initial alarm creation", "timestamp": _timestamp(now)}
    _states[arn] = state
    detail = {
        "alarmName": alarm["AlarmName"],
        "state": state,
        "previousState": previous,
        "configuration": _configuration(alarm),
    }
    entry = {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Resources": [arn],
        "Detail": json.dumps(detail),
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _caller_is_root() -> bool:
    if not app.AUTH:
        return True
    return iam_evaluator._request_caller_arn.get().endswith(":root")


def _install() -> None:
    dispatch_actions = cloudwatch._dispatch_alarm_actions
    put_events = eventbridge._put_events

    def dispatch_actions_and_event(alarm, old_state, new_state, reason):
        dispatch_actions(alarm, old_state, new_state, reason)
        _emit_state_change(alarm, old_state, new_state, reason)

    def put_events_as_caller(data, allow_aws_source=False):
        return put_events(data, allow_aws_source=allow_aws_source or _caller_is_root())

    ministack_authorisation.install()
    cloudwatch._dispatch_alarm_actions = dispatch_actions_and_event
    eventbridge._put_events = put_events_as_caller
    app._port_is_bindable = lambda *_: False


def _stop_with_starter() -> None:
    while os.read(0, 4096):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    if os.getpgrp() != os.getpid():
        raise SystemExit("ministack_launcher must lead its own process group; local/emulator.ts starts it that way")
    threading.Thread(target=_stop_with_starter, daemon=True, name="stop-with-starter").start()
    _install()
    sys.argv = sys.argv[:1]
    app.main()
