module failover-lab/client

go 1.19
