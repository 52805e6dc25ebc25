# Puts the ECS service's tasks into a VPC Lattice target group.
#
# $lattice is {role_arn, target_group_arn, port_name, service}. ECS has one list for this, vpcLatticeConfigurations, with one
# entry per target group and port. The entry for our port is updated in place and keeps whatever else it says (its
# advancedConfiguration, for one); other entries stay; where there is none, one is added at the end. The object
# vpcLatticeConfiguration (singular) that some write by hand is no ECS field and goes.

def entry: {roleArn: $lattice.role_arn, targetGroupArn: $lattice.target_group_arn, portName: $lattice.port_name};
def of_our_port: .portName == $lattice.port_name;
def ours: of_our_port and .targetGroupArn == $lattice.target_group_arn;

del(.vpcLatticeConfiguration)
| .vpcLatticeConfigurations |= (
    if any(.[]?; ours) then map(if ours then . + entry else . end)
    elif any(.[]?; of_our_port) then map(if of_our_port then . + entry else . end)
    else (. // []) + [entry]
    end
  )
