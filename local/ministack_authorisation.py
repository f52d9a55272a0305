"""What MiniStack authorises a call as, put right where AWS checks something else.

1. Reading, moving and deleting one Lambda alias, and reading, setting and removing a function's reserved
   concurrency, are authorised by their own names. MiniStack takes the first three for `lambda:ListAliases` and the
   others for `lambda:PutFunctionConcurrency`, so that a role which may only list could move traffic.
2. An ECS call is checked on the service it names (MiniStack: its cluster), an Auto Scaling call on its group, an EC2
   call on its instance, an AppConfig call on its environment, a rule of the default event bus without the bus in
   its ARN.
3. `aws:ResourceTag` is known for ECS services, Auto Scaling groups, EC2 instances, EventBridge rules, AppConfig
   environments and state machines, and `tag:GetResources` lists them and SSM parameters. MiniStack keeps these tags but looks for them
   nowhere.
"""

import json

from ministack.core import iam_actions
from ministack.services import appconfig, autoscaling, ec2, stepfunctions, tagging

_ALIAS_CALLS = {"GET": "GetAlias", "PUT": "UpdateAlias", "DELETE": "DeleteAlias"}
_CONCURRENCY_CALLS = {
    "GET": "GetFunctionConcurrency",
    "PUT": "PutFunctionConcurrency",
    "DELETE": "DeleteFunctionConcurrency",
}


def _lambda_call(method: str, path: str) -> str | None:
    """`/<date>/functions/NAME/aliases/ALIAS` or `/<date>/functions/NAME/concurrency`. None for any other path."""
    parts = [part for part in path.split("/") if part]
    if len(parts) == 5 and parts[1] == "functions" and parts[3] == "aliases":
        return _ALIAS_CALLS.get(method)
    if len(parts) == 4 and parts[1] == "functions" and parts[3] == "concurrency":
        return _CONCURRENCY_CALLS.get(method)
    return None


def _ecs_service(headers, body, region, account_id):
    call = headers.get("x-amz-target", "").rpartition(".")[2]
    if call not in ("DescribeServices", "UpdateService"):
        return None
    given = json.loads(body or b"{}")
    name = (given.get("services") or [""])[0] if call == "DescribeServices" else given.get("service", "")
    return f"arn:aws:ecs:{region}:{account_id}:service/{given.get('cluster', 'default')}/{name}"


def _auto_scaling_group(query_params):
    name = iam_actions._query_param(query_params, "AutoScalingGroupName") or ""
    group = autoscaling._asgs.get(name)
    return group and group["AutoScalingGroupARN"]


def _instance(query_params, region, account_id):
    name = iam_actions._query_param(query_params, "InstanceId.1")
    return name and f"arn:aws:ec2:{region}:{account_id}:instance/{name}"


def _named_resource(service, path, headers, body, query_params, region, account_id):
    """ARN of the resource that a call names, as AWS checks it. None for calls that MiniStack gets right."""
    if service == "ecs":
        return _ecs_service(headers, body, region, account_id)
    if service == "autoscaling":
        return _auto_scaling_group(query_params)
    if service == "ec2":
        return _instance(query_params, region, account_id)
    return None


def _collect_auto_scaling():
    for group in autoscaling._asgs.values():
        yield group["AutoScalingGroupARN"], group.get("Tags", [])


def _collect_instances():
    for resource_id, tags in ec2._tags.items():
        if resource_id.startswith("i-"):
            yield f"arn:aws:ec2:{_region()}:{tagging._account()}:instance/{resource_id}", tags


def _collect_appconfig():
    for arn, tags in appconfig._tags.items():
        yield arn, tagging._normalise_flat(tags)


def _collect_state_machines():
    for arn, tags in stepfunctions._tags.items():
        yield arn, tagging._normalise_ecs(tags)


def _region():
    from ministack.core.responses import get_region

    return get_region()


_COLLECTORS = {
    "appconfig": _collect_appconfig,
    "autoscaling": _collect_auto_scaling,
    "ec2": _collect_instances,
    "ecs": tagging._collect_ecs,
    "events": tagging._collect_eventbridge,
    "ssm": tagging._collect_ssm,
    "states": _collect_state_machines,
}


def install() -> None:
    lambda_action = iam_actions._lambda_action
    extract_resource_arn = iam_actions.extract_resource_arn

    def resource_arn(service, method, path, headers, body, query_params, region, account_id):
        arn = _named_resource(service, path, headers, body, query_params, region, account_id)
        if arn is None:
            arn = extract_resource_arn(service, method, path, headers, body, query_params, region, account_id)
        return arn.replace(":rule/default/", ":rule/") if service == "events" else arn

    iam_actions._lambda_action = lambda method, path: _lambda_call(method, path) or lambda_action(method, path)
    iam_actions.extract_resource_arn = resource_arn
    for service, collect in _COLLECTORS.items():
        tagging._RESOURCE_TAG_COLLECTORS.setdefault(service, collect)
        tagging._COLLECTORS.setdefault(service, collect)
