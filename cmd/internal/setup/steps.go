package setup

import (
	"slices"

	flow "saoma/pos/setup"
)

// Keys of fields that are named more than once, most of which stand in no key of saoma.toml.
const (
	keysKind       = "keys.kind"
	keysWord       = "keys.passphrase"
	keysAgain      = "keys.passphrase_again"
	managerName    = "manager.name"
	managerPIN     = "manager.pin"
	managerAgain   = "manager.pin_again"
	wechatZip      = "wechat.zip"
	merchantCert   = "wechat.merchant_certificate_file"
	merchantKey    = "wechat.merchant_key_file"
	merchantSerial = "wechat.merchant_serial"
	wechatProof    = "wechat.proof"
	alipayMode     = "alipay.mode"

	byPublicKey    = "public_key"
	byCertificates = "certificates"
	byBoth         = "both"
)

// steps are the assistant's steps, each text the key of its translation.
func steps() []flow.Step {
	return []flow.Step{
		{
			ID: flow.Shop, Title: "The shop", Fields: shopFields(),
			About: "What customers and receipts show, and when a business day begins.",
		},
		{
			ID: flow.Manager, Title: "The manager", Fields: managerFields(),
			About: "The first person who works here. A manager may do everything, and adds the others later.",
		},
		{
			ID: flow.Keys, Title: "How keys are kept", Fields: keysFields(),
			About: "Private keys and the APIv3 key are kept encrypted on this computer, so that a copy of the folder opens nothing.",
		},
		{
			ID: flow.WeChat, Title: "WeChat Pay", Fields: slices.Concat(wechatFields(), wechatKeyFields()), Skip: true,
			About: "The papers of the shop's WeChat Pay merchant account, from pay.weixin.qq.com.",
		},
		{
			ID: flow.Alipay, Title: "Alipay", Fields: slices.Concat(alipayFields(), alipayKeyFields()), Skip: true,
			About: "The papers of the shop's application on Alipay's open platform, open.alipay.com.",
		},
		{
			ID: flow.Address, Title: "The way for notifications", Fields: slices.Concat(addressFields(), tunnelFields()), Skip: true,
			About: "With a public address the platforms tell this counter of each payment at once. Without one it asks them every second or two; that works too.",
		},
		{
			ID: flow.Trial, Title: "A first payment", Skip: true,
			About: "Pay ¥0.01 with a phone; it is paid back right away. Then everything is known to work.",
		},
	}
}

// shopFields, each text the key of its translation.
func shopFields() []flow.Field {
	return []flow.Field{
		{Key: "shop.name", Label: "Name of the shop", Example: "老街茶馆", Kind: flow.Text},
		{
			Key: "shop.counter", Label: "Code of this counter", Example: "K1", Kind: flow.Text,
			Where: "1 to 12 digits and capital letters; every counter of the shop has its own. Order numbers begin with it.",
		},
		{Key: "shop.timezone", Label: "Time zone", Example: "Asia/Shanghai", Kind: flow.Text},
		{
			Key: "shop.day_starts_at", Label: "A business day begins at", Example: "04:00", Kind: flow.Text,
			Where: "A sale before this time still belongs to the day before.",
		},
	}
}

// managerFields, each text the key of its translation.
func managerFields() []flow.Field {
	return []flow.Field{
		{Key: managerName, Label: "Name", Example: "王芳", Kind: flow.Text},
		{Key: managerPIN, Label: "PIN", Kind: flow.Secret, Where: "4 to 12 digits that are not easy to guess."},
		{Key: managerAgain, Label: "PIN, once more", Kind: flow.Secret},
	}
}

// keysFields, each text the key of its translation.
func keysFields() []flow.Field {
	word := &flow.When{Key: keysKind, Values: []string{"passphrase"}}
	return []flow.Field{
		{
			Key: keysKind, Label: "The keys are kept", Kind: flow.Pick,
			Choices: []flow.Choice{
				{Value: "keychain", Label: "encrypted; this computer's keychain opens them"},
				{Value: "passphrase", Label: "encrypted; a passphrase opens them at every start"},
				{Value: "plain", Label: "as plain files (not recommended)"},
			},
		},
		{Key: keysWord, Label: "Passphrase", Kind: flow.Secret, When: word, Where: "At least 8 characters. Nobody can find it again: write it down and lock it away."},
		{Key: keysAgain, Label: "Passphrase, once more", Kind: flow.Secret, When: word},
		{
			Key: "vault.passphrase_file", Label: "File with the passphrase", Kind: flow.Text, Optional: true, When: word, Example: "/etc/saoma/passphrase",
			Where: "For a counter that starts without anybody there: a file that only its user can read.",
		},
	}
}

// wechatFields, each text the key of its translation.
func wechatFields() []flow.Field {
	return []flow.Field{
		{Key: "wechat.mchid", Label: "Merchant number (mchid)", Where: "WeChat Pay's merchant site: Account center → Merchant information.", Example: "1900000109", Kind: flow.Text},
		{Key: "wechat.appid", Label: "APPID", Where: "WeChat Pay's merchant site: Product center → AppID accounts; it must be bound to the merchant number.", Example: "wxd678efh567hg6787", Kind: flow.Text},
		{
			Key: wechatZip, Label: "Zip of the merchant's certificate", Kind: flow.Zip, Optional: true, Example: "1900000109_20260101_cert.zip",
			Where: "WeChat Pay's merchant site: Account center → API security → merchant API certificate. It holds the next two.",
		},
		{
			Key: merchantCert, Label: "Merchant's certificate", Kind: flow.Paper, Optional: true, Example: "apiclient_cert.pem",
			Where: "In the zip that the certificate tool has made; the zip itself will do.",
		},
		{
			Key: merchantKey, Label: "Merchant's private key", Kind: flow.Paper, Optional: true, Example: "apiclient_key.pem",
			Where: "In the same zip, which will do here, too. WeChat Pay does not have it: who lost it applies for a new certificate.",
		},
		{
			Key: merchantSerial, Label: "Serial number of the certificate", Kind: flow.Text, Optional: true, Example: "444F4864EA9B34415…",
			Where: "Needed only without the certificate: API security → merchant API certificate → manage.",
		},
		{
			Key: "wechat.apiv3_key_file", Label: "APIv3 key", Kind: flow.Secret,
			Where: "WeChat Pay's merchant site: Account center → API security → APIv3 key. It is shown only while it is set.",
		},
	}
}

// wechatKeyFields are about the platform's own key, each text the key of its translation.
func wechatKeyFields() []flow.Field {
	public := &flow.When{Key: wechatProof, Values: []string{byPublicKey, byBoth}}
	return []flow.Field{
		{
			Key: wechatProof, Label: "WeChat Pay proves itself by", Kind: flow.Pick,
			Choices: []flow.Choice{
				{Value: byPublicKey, Label: "its public key (all new merchants)"},
				{Value: byCertificates, Label: "platform certificates (older merchants)"},
				{Value: byBoth, Label: "both, while changing over"},
			},
			Where: "WeChat Pay's merchant site: Account center → API security shows which of the two this merchant has.",
		},
		{
			Key: "wechat.public_key_id", Label: "Id of WeChat Pay's public key", Kind: flow.Text, When: public, Example: "PUB_KEY_ID_0119000001092026…",
			Where: "API security → WeChat Pay public key.",
		},
		{
			Key: "wechat.public_key_file", Label: "WeChat Pay's public key", Kind: flow.Paper, When: public, Example: "pub_key.pem",
			Where: "API security → WeChat Pay public key → download.",
		},
		{
			Key: "wechat.base_url", Label: "Address of WeChat Pay", Kind: flow.Text, Optional: true, Example: "http://127.0.0.1:21080",
			Where: "Empty at a real shop; a sandbox on this computer prints its own.",
		},
	}
}

// alipayFields, each text the key of its translation.
func alipayFields() []flow.Field {
	return []flow.Field{
		{Key: "alipay.app_id", Label: "APPID of the application", Where: "Alipay's open platform: console → the application, below its name.", Example: "2021000000000000", Kind: flow.Text},
		{Key: "alipay.seller_id", Label: "Account number (PID)", Where: "Alipay's open platform: account center → account information; it begins with 2088.", Example: "2088000000000000", Kind: flow.Text},
		{
			Key: "alipay.app_key_file", Label: "Application's private key", Kind: flow.Paper, Example: "应用私钥RSA2048.txt",
			Where: "Alipay's key tool wrote it into a file when the pair was made. Alipay does not have it.",
		},
		{
			Key: alipayMode, Label: "Interface signing uses", Kind: flow.Pick,
			Choices: []flow.Choice{
				{Value: byPublicKey, Label: "public keys"},
				{Value: byCertificates, Label: "certificates"},
			},
			Where: "Alipay's open platform: the application → development settings → interface signing.",
		},
	}
}

// alipayKeyFields are about the platform's own key, each text the key of its translation.
func alipayKeyFields() []flow.Field {
	public := &flow.When{Key: alipayMode, Values: []string{byPublicKey}}
	certificates := &flow.When{Key: alipayMode, Values: []string{byCertificates}}
	return []flow.Field{
		{
			Key: "alipay.alipay_public_key_file", Label: "Alipay's public key", Kind: flow.Paper, When: public, Example: "alipayPublicKey_RSA2.txt",
			Where: "Interface signing → view. Take Alipay's public key, not the application's.",
		},
		{
			Key: "alipay.app_cert_file", Label: "Application's certificate", Kind: flow.Paper, When: certificates, Example: "appCertPublicKey_2021000000000000.crt",
			Where: "Interface signing → download; three files come together.",
		},
		{Key: "alipay.alipay_cert_file", Label: "Alipay's certificate", Kind: flow.Paper, When: certificates, Example: "alipayCertPublicKey_RSA2.crt"},
		{Key: "alipay.alipay_root_cert_file", Label: "Alipay's root certificate", Kind: flow.Paper, When: certificates, Example: "alipayRootCert.crt"},
		{
			Key: "alipay.gateway_url", Label: "Address of Alipay", Kind: flow.Text, Optional: true, Example: "http://127.0.0.1:21080/gateway.do",
			Where: "Empty at a real shop; a sandbox on this computer prints its own.",
		},
	}
}

// addressFields, each text the key of its translation.
func addressFields() []flow.Field {
	return []flow.Field{
		{
			Key: "tunnel.kind", Label: "Notifications come", Kind: flow.Pick,
			Choices: []flow.Choice{
				{Value: "none", Label: "through an address that is set up elsewhere, or not at all"},
				{Value: "ssh", Label: "through my own server, by SSH"},
				{Value: "frp", Label: "through a server with frp"},
				{Value: "ngrok", Label: "through ngrok"},
			},
		},
		{
			Key: "notify.public_url", Label: "Public address", Kind: flow.Text, Optional: true, Example: "https://pay.example.com",
			Where: "What the platforms call. Empty: no notifications, the counter asks by itself.",
		},
		{
			Key: "notify.listen", Label: "Address on this computer", Kind: flow.Text, Optional: true, Example: "127.0.0.1:21080",
			Where: "Where the counter listens for what comes through. The proposed one is free.",
		},
	}
}

// tunnelFields are those of the kinds of tunnel, each text the key of its translation.
func tunnelFields() []flow.Field {
	any := &flow.When{Key: "tunnel.kind", Values: []string{"ssh", "frp", "ngrok"}}
	login := &flow.When{Key: "tunnel.kind", Values: []string{"ssh", "ngrok"}}
	ssh := &flow.When{Key: "tunnel.kind", Values: []string{"ssh"}}
	frp := &flow.When{Key: "tunnel.kind", Values: []string{"frp"}}
	return []flow.Field{
		{Key: "tunnel.host", Label: "Server", Kind: flow.Text, When: any, Example: "pay.example.com:22", Where: "Its name or address, with a port where it is not the usual one."},
		{Key: "tunnel.user", Label: "User on the server", Kind: flow.Text, When: ssh, Example: "saoma"},
		{
			Key: "tunnel.key_file", Label: "Private key for the server", Kind: flow.Paper, Optional: true, When: login, Example: "id_ed25519",
			Where: "Without a password. Empty: the keys of the running ssh agent.",
		},
		{
			Key: "tunnel.remote", Label: "What the server forwards", Kind: flow.Text, Optional: true, When: login, Example: "/run/saoma/k1.sock",
			Where: "A socket or an address on the server that its web server leads to; the README has it ready to paste.",
		},
		{Key: "tunnel.token_file", Label: "Token of the frp server", Kind: flow.Secret, Optional: true, When: frp, Where: "auth.token in the server's frps.toml."},
		{Key: "tunnel.proxy_name", Label: "Name of the proxy", Kind: flow.Text, Optional: true, When: frp, Example: "saoma-k1", Where: "Any name that no other proxy of the server has."},
		{Key: "tunnel.custom_domain", Label: "Domain at the frp server", Kind: flow.Text, Optional: true, When: frp, Example: "pay.example.com", Where: "It leads to the server; frps forwards it to this counter."},
	}
}

// find is the step of that name.
func find(id flow.StepID) *flow.Step {
	for _, s := range steps() {
		if s.ID == id {
			return &s
		}
	}
	return nil
}
