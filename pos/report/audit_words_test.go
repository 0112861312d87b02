package report

import (
	"strings"
	"testing"
	"time"

	"saoma/assets/words"
	"saoma/pos"
)

// TestAuditInWords: a person reads no codes, in either language; each row as the domain writes it.
func TestAuditInWords(t *testing.T) {
	for _, code := range AuditActions {
		for _, l := range words.All {
			if word := AuditAction(l, code); word == code {
				t.Errorf("%s has no word in %s", code, l)
			}
		}
	}
	for _, c := range []struct {
		row pos.AuditEntry
		zh  string
	}{
		{pos.AuditEntry{Actor: "小李", Action: "charge", Subject: "K1X", To: "created", Detail: "wechat 12.50"}, "小李|收款|K1X||尚未答复|微信支付 ¥12.50"},
		{pos.AuditEntry{Actor: string(pos.FromPoll), Action: "settle", Subject: "K1X", From: "waiting", To: "paid"}, "平台查询|平台确认|K1X|待付款|已收款|"},
		{pos.AuditEntry{Actor: "小李", Action: "refund", Subject: "refund K1R", To: "requested", Detail: "K1X 12.50 approved by 王店长"}, "小李|退款|退款 K1R||尚未答复|K1X 的 ¥12.50，王店长授权"},
		{pos.AuditEntry{Actor: string(pos.FromPoll), Action: "settle", Subject: "refund K1R", From: "requested", To: "succeeded"}, "平台查询|平台确认|退款 K1R|尚未答复|成功|"},
		{pos.AuditEntry{Actor: "王店长", Action: "approve", Subject: "K1X", Detail: "12.50 for 小李"}, "王店长|授权退款|K1X|||¥12.50，由小李发起"},
		{pos.AuditEntry{Actor: string(pos.FromBill), Action: "raise", Subject: "exception 3", To: "late_payment"}, "平台账单|发现异常|异常 3||关闭后到账|"},
		{pos.AuditEntry{Actor: "王店长", Action: "resolve", Subject: "exception 3", To: "dismiss"}, "王店长|处理异常|异常 3||已忽略|"},
		{pos.AuditEntry{Actor: "王店长", Action: "day_close", Subject: "2026-01-31", To: "closed", Detail: "99.00"}, "王店长|日结|2026-01-31||已结|¥99.00"},
		{pos.AuditEntry{Actor: "王店长", Action: "settlement", Subject: "alipay 2026-01-31", To: "settled", Detail: "99.00"}, "王店长|登记到账|支付宝，2026-01-31||已到账|¥99.00"},
		{pos.AuditEntry{Actor: "王店长", Action: "settlement", Subject: "alipay 2026-01-31", To: "settled", Detail: (&pos.Batch{Amount: 9900, Fees: 59, Known: 3}).AuditDetail()}, "王店长|登记到账|支付宝，2026-01-31||已到账|¥99.00；手续费 ¥0.59（3 笔）"},
		{pos.AuditEntry{Actor: "till", Action: "lock", Subject: "user 小李", Detail: "5m0s"}, "收银台|密码输错锁定|小李|||5 分钟"},
		{pos.AuditEntry{Actor: "王店长", Action: "user_role", Subject: "user 小李", From: "cashier disabled", To: "manager"}, "王店长|更改角色|小李|收银员 · 已停用|店长|"},
		{
			pos.AuditEntry{Actor: "王店长", Action: "reconcile", Subject: "bill wechat 2026-01-31", From: "due", To: "differs", Detail: "lines 3, agree 1, of other counters 1, differences open 1"},
			"王店长|对账|微信支付账单 2026-01-31|未对账|有差异|账单 3 笔，对平 1 笔，其他收银台 1 笔，待处理差异 1 条",
		},
		{
			pos.AuditEntry{Actor: "王店长", Action: "reconcile", Subject: "bill wechat 2026-01-31", From: "due", To: "differs", Detail: "lines 3, agree 1, of other counters 1, differences open 1, fees -0.03 of 1"},
			"王店长|对账|微信支付账单 2026-01-31|未对账|有差异|账单 3 笔，对平 1 笔，其他收银台 1 笔，待处理差异 1 条；手续费 ¥-0.03（1 笔）",
		},
		{
			pos.AuditEntry{Actor: "王店长", Action: "difference", Subject: "bill wechat 2026-01-31", From: "differs", To: "agreed", Detail: "1 missing_here K1X: noted, 测试单"},
			"王店长|处理差异|微信支付账单 2026-01-31|有差异|已对平|K1X：已备注：测试单",
		},
		{pos.AuditEntry{Actor: "王店长", Action: "dance", Subject: "table", From: "sitting", To: "standing", Detail: "well"}, "王店长|dance|table|sitting|standing|well"},
	} {
		got := strings.Join(AuditWords(words.Zh, pos.AuditRow{AuditEntry: c.row}, time.UTC)[2:], "|")
		if got != c.zh {
			t.Errorf("%+v:\n%s; want\n%s", c.row, got, c.zh)
		}
	}
}
