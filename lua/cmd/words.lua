-- words.lua -- the words of the command line, each a file beside this one
local W = {}

W.words = {
	{ "demo", "onboard a device before your eyes, every player a process of its own" },
	{ "list", "the protocols, transports and crypto providers that are built in" },
	{ "explain", "all about one of them: words, players, beliefs, process, properties" },
	{ "compare", "the survey's comparison of the protocols that are built in" },
	{ "plan", "which protocol can onboard a device that has these beliefs" },
	{ "make", "the factory: keys, device certificates, vouchers, credentials" },
	{ "label", "what is printed on a device, with its QR code: terminal, SVG, PNG" },
	{ "device", "be a device: onboard over the network" },
	{ "serve", "be an owner, provisioner, configurator or another server" },
	{ "voucher", "show, extend or verify an ownership voucher" },
	{ "inspect", "what is in a file: CBOR, COSE, X.509, vouchers, credentials" },
	{ "help", "more about a word or a topic" },
}

function W.names()
	local t = {}
	for i, w in ipairs(W.words) do t[i] = w[1] end
	return t
end

function W.known(word)
	for _, w in ipairs(W.words) do
		if w[1] == word then return true end
	end
	return false
end

return W
