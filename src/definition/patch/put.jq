# What `put` does, said in jq: tests hold the one to the other.

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
