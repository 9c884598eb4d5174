"""The cluster is closed, its machines are confined, and every part of it is in a version that somebody chose."""

import json
import re
from typing import Any

import pytest

from infra.components import cluster_addons
from infra.config import NodeGroupConfig, read_config
from infra.config.section import ConfigError
from infra.rehearsal.plan import Plan
from infra.rehearsal.policy import listed
from tests.infra.cluster_programs import ACCOUNT, REGION, of_cluster

CLUSTER = "aws:eks/cluster:Cluster"
GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
ADDON = "aws:eks/addon:Addon"
ROLE = "aws:iam/role:Role"
GRANT = "aws:iam/rolePolicy:RolePolicy"
ATTACHED = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
CHART = "kubernetes:helm.sh/v3:Release"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return of_cluster()


@pytest.fixture(scope="module")
def small() -> Plan:
    """Without GPUs, and with nothing to scale."""
    one = NodeGroupConfig(instance_types=("m7i-flex.large",), least=1, most=1)
    return of_cluster(gpu=False, baseline=one, burst=None, batch=None)


def cluster(plan: Plan) -> Any:
    return plan.one(CLUSTER, "gpu").inputs


def statements(policy: str) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return written


def granted(plan: Plan, role: str) -> list[dict[str, Any]]:
    name = plan.one(ROLE, role).attributes["name"]
    return [s for grant in plan.of(GRANT) if grant.inputs["role"] == name for s in statements(grant.inputs["policy"])]


def test_its_api_answers_inside_the_network_only(plan: Plan) -> None:
    said = cluster(plan)["vpcConfig"]
    assert (said["endpointPrivateAccess"], said["endpointPublicAccess"]) == (True, False)
    private = {s.id for s in plan.of("aws:ec2/subnet:Subnet") if "-private-" in s.name}
    assert set(said["subnetIds"]) == private


def test_outside_it_answers_to_those_who_were_named() -> None:
    said = cluster(of_cluster(admin_cidrs=("203.0.113.7/32",)))["vpcConfig"]
    assert (said["endpointPrivateAccess"], said["endpointPublicAccess"]) == (True, True)
    assert said["publicAccessCidrs"] == ["203.0.113.7/32"]


@pytest.mark.parametrize("block", ["0.0.0.0/0", "0.0.0.0/1", "203.0.0.0/8"])
def test_it_is_never_opened_to_the_internet(block: str) -> None:
    with pytest.raises(ValueError, match=r"must be the addresses of an office or a VPN, /16 or smaller"):
        of_cluster(admin_cidrs=(block,))


@pytest.mark.parametrize(("block", "said"), [("0.0.0.0/0", "an office or a VPN"), ("here", "such as 203.0.113.7/32")])
def test_a_stack_that_would_open_it_is_told_so(block: str, said: str) -> None:
    with pytest.raises(ConfigError, match=rf"lookalike:cluster\.admin_cidrs.*{said}"):
        read_config({"lookalike:profile": "starter", "lookalike:cluster": json.dumps({"admin_cidrs": [block]})})


def test_a_version_without_chosen_add_ons_is_refused() -> None:
    with pytest.raises(ValueError, match=r"chosen for Kubernetes 1\.36, not for 1\.29"):
        of_cluster(kubernetes_version="1.29")


def test_its_secrets_are_encrypted_with_the_data_key(plan: Plan) -> None:
    key = plan.one("aws:kms/key:Key", "data").attributes["arn"]
    assert cluster(plan)["encryptionConfig"] == {"resources": ["secrets"], "provider": {"keyArn": key}}
    (use,) = granted(plan, "gpu-control-plane")
    assert use["Resource"] == [key]
    assert set(use["Action"]) == {"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants"}


def test_what_it_does_is_logged_and_the_log_ends(plan: Plan) -> None:
    assert set(cluster(plan)["enabledClusterLogTypes"]) >= {"api", "audit", "authenticator"}
    log = plan.one("aws:cloudwatch/logGroup:LogGroup", "gpu")
    assert log.inputs["name"] == f"/aws/eks/{cluster(plan)['name']}/cluster"
    assert log.inputs["retentionInDays"] == 90
    assert log.inputs["kmsKeyId"] == plan.one("aws:kms/key:Key", "data").attributes["arn"]
    # Else EKS makes it first, and it is there already.
    assert log.declared.urn in plan.one(CLUSTER, "gpu").declared.dependencies


def test_who_may_administer_it_is_said_by_access_entries() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/platform/operators"
    plan = of_cluster(administrators=(role,))
    assert cluster(plan)["accessConfig"]["authenticationMode"] == "API"
    (entry,) = plan.of("aws:eks/accessEntry:AccessEntry")
    (policy,) = plan.of("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    assert entry.inputs["principalArn"] == policy.inputs["principalArn"] == role
    assert policy.inputs["policyArn"].endswith("/AmazonEKSClusterAdminPolicy")
    assert not plan.of("kubernetes:core/v1:ConfigMap")


def test_add_ons_are_pinned_and_there_before_the_nodes_that_need_them(plan: Plan) -> None:
    chosen = cluster_addons.VERSIONS["1.36"]
    assert {a.inputs["addonName"]: a.inputs["addonVersion"] for a in plan.of(ADDON)} == chosen
    for group in plan.of(GROUP):
        before = {addon.inputs["addonName"] for addon in plan.before(group.declared, ADDON)}
        assert before == {"vpc-cni", "kube-proxy", "eks-pod-identity-agent"}
    assert cluster(plan)["bootstrapSelfManagedAddons"] is False


def test_network_policies_are_kept(plan: Plan) -> None:
    cni = plan.one(ADDON, "gpu-vpc-cni").inputs
    assert json.loads(cni["configurationValues"]) == {"enableNetworkPolicy": "true"}


def test_pods_get_addresses_under_a_role_of_their_own(plan: Plan) -> None:
    (identity,) = plan.one(ADDON, "gpu-vpc-cni").inputs["podIdentityAssociations"]
    role = plan.one(ROLE, "gpu-vpc-cni")
    assert identity == {"serviceAccount": "aws-node", "roleArn": role.attributes["arn"]}
    carried = {a.inputs["policyArn"].rpartition("/")[2]: a.inputs["role"] for a in plan.of(ATTACHED)}
    assert carried["AmazonEKS_CNI_Policy"] == role.attributes["name"]


def test_nodes_may_join_and_pull_images_and_nothing_else(plan: Plan) -> None:
    node = plan.one(ROLE, "gpu-node").attributes["name"]
    carried = {a.inputs["policyArn"] for a in plan.of(ATTACHED) if a.inputs["role"] == node}
    prefix = "arn:aws:iam::aws:policy/"
    assert carried == {f"{prefix}AmazonEKSWorkerNodePolicy", f"{prefix}AmazonEC2ContainerRegistryPullOnly"}
    assert granted(plan, "gpu-node") == []


def test_groups_are_what_they_are_called(plan: Plan) -> None:
    groups = {group.inputs["labels"]["lookalike/pool"]: group.inputs for group in plan.of(GROUP)}
    assert set(groups) == {"baseline", "burst", "batch", "system"}
    assert {pool for pool, said in groups.items() if said["capacityType"] == "SPOT"} == {"batch"}
    taints = {pool: {taint["key"] for taint in said.get("taints", [])} for pool, said in groups.items()}
    gpu = {"nvidia.com/gpu"}
    assert taints == {"baseline": gpu, "burst": gpu, "batch": gpu | {"lookalike/batch"}, "system": set()}
    assert all(taint["effect"] == "NO_SCHEDULE" for said in groups.values() for taint in said.get("taints", []))
    # The variant that brings driver and device plugin.
    nvidia = {pool for pool, said in groups.items() if said["amiType"] == "BOTTLEROCKET_x86_64_NVIDIA"}
    assert nvidia == {"baseline", "burst", "batch"}
    assert groups["burst"]["scalingConfig"] == {"minSize": 0, "maxSize": 8, "desiredSize": 0}


def test_without_gpus_one_group_carries_everything(small: Plan) -> None:
    (group,) = small.of(GROUP)
    assert group.inputs["amiType"] == "BOTTLEROCKET_x86_64"
    assert not group.inputs.get("taints")
    assert small.of(CHART) == []  # nothing grows, so nothing has to make it grow


def test_machines_tell_nothing_to_pods_and_encrypt_their_disks(plan: Plan) -> None:
    for template in plan.of(TEMPLATE):
        told = template.inputs["metadataOptions"]
        assert (told["httpTokens"], told["httpPutResponseHopLimit"]) == ("required", 1)
        disks = [disk["ebs"] for disk in template.inputs["blockDeviceMappings"]]
        assert len(disks) == 2
        assert all((disk["encrypted"], disk["volumeType"]) == ("true", "gp3") for disk in disks)


def test_machines_and_disks_say_whose_they_are(plan: Plan) -> None:
    for template in plan.of(TEMPLATE):
        said = {spec["resourceType"]: spec["tags"] for spec in template.inputs["tagSpecifications"]}
        assert set(said) == {"instance", "volume"}
        assert all(tags["project"] == "lookalike" for tags in said.values())


def test_machines_are_in_the_clusters_group_and_in_ours(plan: Plan) -> None:
    ours = plan.one("aws:ec2/securityGroup:SecurityGroup", "gpu-nodes").id
    theirs = plan.one(CLUSTER, "gpu").attributes["vpcConfig"]["clusterSecurityGroupId"]
    for template in plan.of(TEMPLATE):
        assert set(template.inputs["vpcSecurityGroupIds"]) == {ours, theirs}
    # SQS' name leads to the endpoint in the network, which lets only those in that were named.
    rules = [rule.inputs for rule in plan.of(EGRESS) if rule.inputs["securityGroupId"] == ours]
    reached = {rule.get("referencedSecurityGroupId") for rule in rules}
    assert plan.one("aws:ec2/securityGroup:SecurityGroup", "net-endpoints").id in reached


def test_machines_of_burst_can_wait_warm() -> None:
    plan = of_cluster(warm=2)
    warm = {group.name: group.inputs.get("warmPoolConfig") for group in plan.of(GROUP)}
    assert warm.pop("gpu-burst") == {"minSize": 2, "maxGroupPreparedCapacity": 8, "poolState": "STOPPED"}
    assert set(warm.values()) == {None}


def test_the_autoscaler_may_change_our_groups_and_only_look_at_others(plan: Plan) -> None:
    look, change, describe = granted(plan, "gpu-autoscaler")
    assert look["Resource"] == ["*"]  # AWS knows nothing narrower for what only looks
    assert all(re.search(r":(Describe|Get)", action) for action in look["Action"])
    assert set(change["Action"]) == {
        "autoscaling:SetDesiredCapacity",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
    }
    growing = [group for group in plan.of(GROUP) if group.name != "gpu-system"]
    names = {group.attributes["resources"][0]["autoscalingGroups"][0]["name"] for group in growing}
    assert {arn.rpartition("/")[2] for arn in change["Resource"]} == names
    (nodegroups,) = describe["Resource"]
    assert nodegroups == f"arn:aws:eks:{REGION}:{ACCOUNT}:nodegroup/{cluster(plan)['name']}/*"


def test_roles_are_for_one_kind_of_pod_of_this_cluster(plan: Plan) -> None:
    pods = {"gpu-vpc-cni": ("kube-system", "aws-node"), "gpu-autoscaler": ("cluster-autoscaler", "cluster-autoscaler")}
    for name, (space, account) in pods.items():
        (trust,) = statements(plan.one(ROLE, name).inputs["assumeRolePolicy"])
        assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
        assert trust["Condition"]["StringEquals"] == {
            "aws:SourceAccount": ACCOUNT,
            "aws:RequestTag/eks-cluster-arn": plan.one(CLUSTER, "gpu").attributes["arn"],
            "aws:RequestTag/kubernetes-namespace": space,
            "aws:RequestTag/kubernetes-service-account": account,
        }


def test_charts_are_pinned_and_their_images_named_by_digest(plan: Plan) -> None:
    (chart,) = plan.of(CHART)
    assert re.fullmatch(r"\d+\.\d+\.\d+", chart.inputs["version"])
    assert chart.inputs["repositoryOpts"]["repo"].startswith("https://")
    assert re.fullmatch(r"v1\.36\.\d+@sha256:[0-9a-f]{64}", chart.inputs["values"]["image"]["tag"])
    assert chart.inputs["atomic"] is True


def test_its_parts_are_confined_to_restricted_rooms(plan: Plan) -> None:
    (room,) = plan.of("kubernetes:core/v1:Namespace")
    assert room.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    (chart,) = plan.of(CHART)
    assert chart.inputs["namespace"] == room.inputs["metadata"]["name"]
    held = chart.inputs["values"]["containerSecurityContext"]
    assert (held["allowPrivilegeEscalation"], held["capabilities"]) == (False, {"drop": ["ALL"]})
    assert chart.inputs["values"]["securityContext"]["runAsNonRoot"] is True


def test_objects_wait_for_nodes_and_go_before_them(plan: Plan) -> None:
    (provider,) = plan.of("pulumi:providers:kubernetes")
    assert {group.name for group in plan.before(provider.declared, GROUP)} == {
        "gpu-baseline",
        "gpu-burst",
        "gpu-batch",
        "gpu-system",
    }


def test_how_to_reach_it_holds_no_secret(plan: Plan) -> None:
    (provider,) = plan.of("pulumi:providers:kubernetes")
    config = json.loads(provider.inputs["kubeconfig"])
    (user,) = config["users"]
    assert set(user["user"]) == {"exec"}
    assert listed(user["user"]["exec"]["args"])[:2] == ["eks", "get-token"]
