"""EC2: what `verify` reads of security groups, through boto3's own parser of EC2's answers."""


def test_prefix_lists_are_listed(sandbox):
    lists = sandbox.client("ec2").describe_managed_prefix_lists()["PrefixLists"]
    assert any(one["PrefixListName"].endswith(".vpc-lattice") for one in lists), lists


def test_security_groups_are_listed(sandbox):
    assert isinstance(sandbox.client("ec2").describe_security_groups()["SecurityGroups"], list)
