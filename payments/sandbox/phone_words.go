package sandbox

// words are the phone page's texts in one language.
type words struct {
	Lang, Other, OtherName                string
	Title, Waiting, NoCodes, NoCodesHint  string
	WeChat, Alipay, PayTo, Method         string
	BalanceWeChat, BalanceAlipay          string
	Pay, Cancel, Paid, Done               string
	Canceled, CanceledHint, Again         string
	Closed, Expired, Unknown, AskShop     string
	Amount, Item, Time, Number, Simulated string
	Back                                  string
}

var english = words{
	Lang: "en", Other: "zh", OtherName: "中文",
	Title: "Scan to pay", Waiting: "Codes waiting", NoCodes: "No code is waiting",
	NoCodesHint: "Key in an amount at the counter; its code appears here.",
	WeChat:      "WeChat Pay", Alipay: "Alipay", PayTo: "Pay to", Method: "Payment method",
	BalanceWeChat: "Balance", BalanceAlipay: "Account balance",
	Pay: "Pay", Cancel: "Cancel", Paid: "Paid", Done: "Done",
	Canceled: "Not paid", CanceledHint: "You left before paying. The code still works.", Again: "Pay after all",
	Closed: "This order is closed", Expired: "This code has expired", Unknown: "This code is no longer valid",
	AskShop: "Ask the cashier for a new code.",
	Amount:  "Amount", Item: "Item", Time: "Paid at", Number: "Order number",
	Simulated: "Sandbox: no real money moves", Back: "All codes",
}

var chinese = words{
	Lang: "zh-CN", Other: "en", OtherName: "English",
	Title: "扫一扫付款", Waiting: "等待付款的二维码", NoCodes: "没有等待付款的二维码",
	NoCodesHint: "在收银台输入金额后，二维码会出现在这里。",
	WeChat:      "微信支付", Alipay: "支付宝", PayTo: "付款给", Method: "付款方式",
	BalanceWeChat: "零钱", BalanceAlipay: "账户余额",
	Pay: "立即支付", Cancel: "取消", Paid: "支付成功", Done: "完成",
	Canceled: "未支付", CanceledHint: "您已离开付款页面，二维码仍然有效。", Again: "继续支付",
	Closed: "订单已关闭", Expired: "二维码已过期", Unknown: "二维码已失效",
	AskShop: "请让收银员出示新的二维码。",
	Amount:  "付款金额", Item: "商品", Time: "支付时间", Number: "订单号",
	Simulated: "沙箱：不会产生真实扣款", Back: "全部二维码",
}
