package doctor

import (
	"context"

	"saoma/pos"
)

// check is one thing that is looked at. run returns nil where it does not apply to this counter.
type check struct {
	name  string // stable: scripts and help refer to it
	group string
	needs need // what has to be there first
	run   func(ctx context.Context, v *visit) *result
}

// need is what a check cannot do without. What is missing is told by a check of its own, so that the others only
// say that they were not made.
type need int

const (
	nothing need = iota
	aConfig      // saoma.toml can be read
	weChat       // and WeChat Pay is on: else the check is left out
	alipay       // and Alipay is on: else the check is left out
)

// checks is what is looked at, in the order of a report.
func checks() []check {
	return []check{
		{"saoma_toml", "config", nothing, lookConfig},
		{"wallets", "config", aConfig, lookWallets},
		{"real_money", "config", aConfig, lookRealMoney},
		{"files", "config", aConfig, lookFiles},
		{"folder_access", "config", nothing, lookFolderAccess},
		{"config_access", "config", nothing, lookConfigAccess},
		{"key_access", "config", aConfig, lookKeyAccess},
		{"key_storage", "config", aConfig, lookKeyStorage},

		{"wechat_numbers", "wechat", weChat, lookWeChatNumbers},
		{"wechat_key_pair", "wechat", weChat, lookWeChatKeyPair},
		{"wechat_serial", "wechat", weChat, lookWeChatSerial},
		{"wechat_certificate", "wechat", weChat, lookWeChatCertificate},
		{"wechat_public_key", "wechat", weChat, lookWeChatPublicKey},
		{"wechat_rotation", "wechat", weChat, lookWeChatRotation},
		{"wechat_dns", "wechat", weChat, lookDNS(pos.WeChat)},
		{"wechat_connection", "wechat", weChat, lookConnection(pos.WeChat)},
		{"wechat_answers", "wechat", weChat, lookAnswers(pos.WeChat)},
		{"wechat_clock", "wechat", weChat, lookClock(pos.WeChat)},
		{"wechat_apiv3_key", "wechat", weChat, lookAPIv3Key},
		{"wechat_platform_certificates", "wechat", weChat, lookPlatformCertificates},
		{"wechat_appid", "wechat", weChat, lookAppID},
		{"wechat_product", "wechat", weChat, lookProduct(pos.WeChat)},

		{"alipay_numbers", "alipay", alipay, lookAlipayNumbers},
		{"alipay_key_pair", "alipay", alipay, lookAlipayKeyPair},
		{"alipay_certificates", "alipay", alipay, lookAlipayCertificates},
		{"alipay_public_key", "alipay", alipay, lookAlipayPublicKey},
		{"alipay_rotation", "alipay", alipay, lookAlipayRotation},
		{"alipay_dns", "alipay", alipay, lookDNS(pos.Alipay)},
		{"alipay_connection", "alipay", alipay, lookConnection(pos.Alipay)},
		{"alipay_answers", "alipay", alipay, lookAnswers(pos.Alipay)},
		{"alipay_clock", "alipay", alipay, lookClock(pos.Alipay)},
		{"alipay_product", "alipay", alipay, lookProduct(pos.Alipay)},

		{"proxy", "address", aConfig, lookProxy},
		{"public_address", "address", aConfig, lookPublicAddress},
		{"public_dns", "address", aConfig, lookPublicDNS},
		{"listen", "address", aConfig, lookListen},
		{"tunnel", "address", aConfig, lookTunnel},
		{"host_key", "address", aConfig, lookHostKey},
		{"reach", "address", aConfig, lookReach},

		{"folder_owner", "ledger", nothing, lookFolderOwner},
		{"ledger_writable", "ledger", nothing, lookWritable},
		{"disk_space", "ledger", nothing, lookDiskSpace},
		{"ledger_version", "ledger", nothing, lookLedgerVersion},
		{"ledger_integrity", "ledger", nothing, lookIntegrity},
		{"ledger_rules", "ledger", nothing, lookRules},
		{"audit_chain", "ledger", nothing, lookAuditChain},
		{"backup", "ledger", nothing, lookBackup},

		{"printer", "machine", nothing, lookPrinter},
		{"second_monitor", "machine", nothing, lookMonitors},
		{"version", "machine", nothing, lookVersion},
		{"sqlite", "machine", nothing, lookSQLite},
		{"time_zone", "machine", aConfig, lookTimeZone},
		{"log_size", "machine", nothing, lookLogSize},
	}
}

// result is a finding before it is named.
type result pos.Finding

func (r *result) named(check string) *pos.Finding {
	f := pos.Finding(*r)
	f.Check = check
	return &f
}

func good(says *pos.Error) *result     { return &result{Level: pos.Green, Says: says} }
func warn(says, do *pos.Error) *result { return &result{Level: pos.Yellow, Says: says, Do: do} }
func bad(says, do *pos.Error) *result  { return &result{Level: pos.Red, Says: says, Do: do} }
