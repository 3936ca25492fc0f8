-- Every question is answered with yes: what is under test here is the wire.
return { authorize = function() return true end }
