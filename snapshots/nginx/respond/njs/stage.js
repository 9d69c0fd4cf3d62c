// Goes on to the next stage once the limits of this one have admitted the request.
function next(r) {
  r.internalRedirect(r.variables.gw_next);
}

export default { next };
