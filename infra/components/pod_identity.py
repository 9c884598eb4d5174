import pulumi

from infra.components.statement import Conditions, Statement


def assumed_by_pods(
    account: pulumi.Input[str], cluster_arn: pulumi.Input[str], namespace: str, service_account: str
) -> Statement:
    """Lets pods of one cluster (its ARN, in this `account`), namespace and service account run under a role.

    The names come as tags of the session, which EKS sets and no pod can.
    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
    """
    whose: Conditions = {
        "StringEquals": {
            "aws:SourceAccount": account,
            "aws:RequestTag/eks-cluster-arn": cluster_arn,
            "aws:RequestTag/kubernetes-namespace": namespace,
            "aws:RequestTag/kubernetes-service-account": service_account,
        }
    }
    service = {"Service": "pods.eks.amazonaws.com"}
    return Statement(("sts:AssumeRole", "sts:TagSession"), (), principals=service, conditions=whose)
