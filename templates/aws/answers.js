"use strict";
// Answers the routes of an HTTP API that no service answers: fixed answers, health, other methods, and routes that are closed.
// CONFIG is put in front of this file when a gateway is built.

exports.handler = async (event) => {
  const answer = CONFIG.routes[event.routeKey];
  if (!answer) return { statusCode: 404, headers: { "Content-Type": "application/json" }, body: '{"message":"not found"}' };
  const headers = { ...answer.headers };
  const id = event.requestContext?.requestId;
  if (CONFIG.requestId && id) headers[CONFIG.requestId] = id;
  if (answer.location) headers.Location = answer.location.map((piece) => fill(piece, answer, event)).join("");
  return { statusCode: answer.status, headers, body: answer.body };
};

function fill(piece, answer, event) {
  if (piece.text !== undefined) return piece.text;
  if (piece.path) return stageless(event);
  if (piece.query) return event.rawQueryString ? "?" + event.rawQueryString : "";
  if (piece.param !== undefined) return encodeURIComponent(event.pathParameters?.[answer.params[piece.param]] ?? "");
  const said = event.requestContext?.authorizer?.lambda ?? {};
  return said["claim_" + piece.claim.replace(/[^A-Za-z0-9]/g, "_")] ?? "";
}

function stageless(event) {
  const stage = "/" + event.requestContext.stage;
  const path = event.rawPath.startsWith(stage + "/") ? event.rawPath.slice(stage.length) : event.rawPath;
  return path.replace(/[^\x21-\x7e]|["<>\\^`{|}]/g, encodeURIComponent);
}
