"""deploy/kubernetes: the manifests fit together, and the pod is as closed as it can be."""

from __future__ import annotations

import tomllib
from datetime import timedelta

import pytest
import yaml

from bulkcall.errors import ExitStatus
from bulkcall.settings import load_settings
from tests.integration.deploy.parts import DEPLOY, parse


@pytest.fixture(scope="module")
def objects():
    """The manifests by kind and name."""
    text = (DEPLOY / "kubernetes/cronjob.yaml").read_text(encoding="utf-8")
    return {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(text)}


@pytest.fixture(scope="module")
def job(objects):
    """The CronJob's spec."""
    assert objects["CronJob", "bulkcall-inbox"]["apiVersion"] == "batch/v1"
    return objects["CronJob", "bulkcall-inbox"]["spec"]


@pytest.fixture(scope="module")
def pod(job):
    """The pod's spec."""
    return job["jobTemplate"]["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def container(pod):
    """The one container."""
    [only] = pod["containers"]
    return only


def test_no_round_begins_while_one_works(job):
    """Two pods never work at once, and what was missed for long is not made up for in a crowd."""
    assert job["concurrencyPolicy"] == "Forbid"
    assert job["startingDeadlineSeconds"] >= timedelta(seconds=10).total_seconds()
    assert len(job["schedule"].split()) == 5
    assert job["timeZone"]


def test_the_pod_may_do_little(pod, container):
    """Not root, nothing to gain, nothing to write but its volumes, no token of the cluster's."""
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] >= 10000
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    inner = container["securityContext"]
    assert inner["readOnlyRootFilesystem"] is True
    assert inner["allowPrivilegeEscalation"] is False
    assert inner["capabilities"] == {"drop": ["ALL"]}
    assert "privileged" not in inner


def test_each_mount_has_its_volume_and_each_volume_its_object(objects, pod, container):
    """Names of mounts, volumes, claims and config maps are the same on both sides."""
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
    for volume in volumes.values():
        if "persistentVolumeClaim" in volume:
            name = volume["persistentVolumeClaim"]["claimName"]
            assert ("PersistentVolumeClaim", name) in objects
        if "configMap" in volume:
            assert ("ConfigMap", volume["configMap"]["name"]) in objects


def test_secrets_are_files_that_only_the_user_and_its_group_read(pod, container):
    """No secret stands in the environment or in the manifest."""
    assert not {"env", "envFrom"} & set(container)
    [secret] = [volume["secret"] for volume in pod["volumes"] if "secret" in volume]
    assert secret["defaultMode"] & 0o007 == 0
    assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsGroup"]


def test_the_container_s_words_and_settings_are_bulkcall_s_own(objects, container, tmp_path):
    """The command line reads the args; the settings reader takes the config map's file."""
    context = parse(container["args"])
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert str(context.params["folder"]) in mounts
    assert str(context.params["config"].parent) in mounts
    config = tmp_path / context.params["config"].name
    config.write_text(objects["ConfigMap", "bulkcall"]["data"][config.name], encoding="utf-8")
    named = tomllib.loads(config.read_text(encoding="utf-8"))
    for name in ("key_id_file", "api_key_file"):
        place = tmp_path / name
        place.write_text("secret\n", encoding="utf-8")
        config.write_text(config.read_text().replace(named[name], str(place)))
        assert named[name].rpartition("/")[0] in mounts
    settings = load_settings(config=config, environ={}).settings
    assert settings.outside_hours == "stop"
    assert settings.not_before == "09:00"


def test_only_what_needs_nobody_fails_by_policy(job):
    """3 and 4 are told apart from 1 and 2; a drained node costs no try; time for an orderly end."""
    spec = job["jobTemplate"]["spec"]
    drained, orderly = spec["podFailurePolicy"]["rules"]
    assert drained["action"] == "Ignore"
    assert drained["onPodConditions"] == [{"type": "DisruptionTarget"}]
    assert orderly["action"] == "FailJob"
    assert set(orderly["onExitCodes"]["values"]) == {ExitStatus.NOT_ALL, ExitStatus.INTERRUPTED}
    pod = spec["template"]["spec"]
    assert orderly["onExitCodes"]["containerName"] == pod["containers"][0]["name"]
    assert pod["restartPolicy"] == "Never"  # a failure policy allows no other
    assert pod["terminationGracePeriodSeconds"] > 30
