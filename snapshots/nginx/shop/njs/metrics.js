// The worker's connection counters in the text format of Prometheus.
function metrics(r) {
  const lines = [];
  [['active', 'Open client connections.'], ['reading', 'Connections that send a request.'], ['writing', 'Connections that get an answer.'],
    ['waiting', 'Idle connections.']].forEach(function (one) {
    const name = 'gateway_connections_' + one[0];
    lines.push('# HELP ' + name + ' ' + one[1], '# TYPE ' + name + ' gauge', name + ' ' + r.variables['connections_' + one[0]]);
  });
  r.headersOut['Content-Type'] = 'text/plain; version=0.0.4';
  r.return(200, lines.join('\n') + '\n');
}

export default { metrics };
