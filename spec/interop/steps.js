// What a script does with the service, from finding an instance to deleting a rule, and what it is refused. Each step
// is a name and a function (call, seen) that throws when the answer is not right; `seen` keeps ids for later steps.
'use strict';

const assert = require('assert');

const INSTANCE = 'cri-sandbox';
const TAG = "a*b c'(~)!+/%2B&=中";

async function refused(code, promise) {
  await assert.rejects(promise, (error) => {
    assert.ok(String(error.code).includes(code), `${error.code}: ${error.message}`);
    return true;
  });
}

const target = { TargetRegionId: 'eu-west-1', TargetInstanceId: 'cri-sandbox-eu' };

module.exports = [
  ['ListInstanceRegion', async (call) => {
    assert.ok((await call('ListInstanceRegion', {})).Regions.some((r) => r.RegionId === 'cn-hangzhou'));
  }],
  ['GetInstanceCount', async (call) => assert.strictEqual((await call('GetInstanceCount', {})).Count, 4)],
  ['ListInstance', async (call) => {
    assert.ok((await call('ListInstance', { PageNo: 1, PageSize: 50 })).Instances.some((i) => i.InstanceId === INSTANCE));
  }],
  ['GetInstance', async (call) => {
    assert.strictEqual((await call('GetInstance', { InstanceId: INSTANCE })).InstanceStatus, 'RUNNING');
  }],
  ['ListNamespace', async (call) => {
    assert.strictEqual((await call('ListNamespace', { InstanceId: INSTANCE })).Namespaces[0].NamespaceName, 'team');
  }],
  ['ListRepository', async (call, seen) => {
    const list = await call('ListRepository', { InstanceId: INSTANCE, RepoNamespaceName: 'team', RepoName: 'web' });
    assert.strictEqual(list.Repositories.length, 1);
    seen.repo = list.Repositories[0].RepoId;
  }],
  ['GetRepository by id', async (call, seen) => {
    assert.strictEqual((await call('GetRepository', { InstanceId: INSTANCE, RepoId: seen.repo })).RepoName, 'web');
  }],
  ['GetRepository by name', async (call, seen) => {
    const parameters = { InstanceId: INSTANCE, RepoNamespaceName: 'team', RepoName: 'web' };
    assert.strictEqual((await call('GetRepository', parameters)).RepoId, seen.repo);
  }],
  ['ListRepoTag', async (call, seen) => {
    const { Images } = await call('ListRepoTag', { InstanceId: INSTANCE, RepoId: seen.repo });
    assert.ok(Images.some((image) => image.Tag === '1.0.0'));
  }],
  ['CreateRepoSyncRule', async (call, seen) => {
    seen.rule = (await call('CreateRepoSyncRule', { InstanceId: INSTANCE, SyncRuleName: 'by hand', SyncScope: 'REPO',
      SyncTrigger: 'INITIATIVE', TagFilter: '.*', NamespaceName: 'team', RepoName: 'web', TargetNamespaceName: 'copies',
      TargetRepoName: 'web', Priority: 5, ...target })).SyncRuleId;
    assert.match(seen.rule, /^crsr-/);
  }],
  ['ListRepoSyncRule', async (call, seen) => {
    const list = await call('ListRepoSyncRule', { InstanceId: INSTANCE, NamespaceName: 'team', RepoName: 'web', ...target });
    const rule = list.SyncRules.find((r) => r.SyncRuleId === seen.rule);
    assert.strictEqual(rule.TargetNamespaceName, 'copies');
    assert.strictEqual(rule.Priority, 5);
  }],
  ['CreateRepoSyncTask', async (call, seen) => {
    seen.task = (await call('CreateRepoSyncTask', { InstanceId: INSTANCE, RepoId: seen.repo, Tag: TAG,
      TargetNamespace: 'copies', TargetRepoName: 'web', TargetTag: 'same', Override: true, Priority: 1, ...target }))
      .SyncTaskId;
    assert.match(seen.task, /^rst-/);
  }],
  ['GetRepoSyncTask', async (call, seen) => {
    const task = await call('GetRepoSyncTask', { InstanceId: INSTANCE, SyncTaskId: seen.task });
    assert.strictEqual(task.ImageFrom.ImageTag, TAG);
    assert.strictEqual(task.ImageTo.RepoNamespaceName, 'copies');
    assert.strictEqual(task.TaskTrigger, 'INITIATIVE');
    assert.strictEqual(task.Priority, 1);
    seen.batch = task.SyncBatchTaskId;
  }],
  ['ListRepoSyncTask', async (call, seen) => {
    const list = await call('ListRepoSyncTask', { InstanceId: INSTANCE, RepoNamespaceName: 'team', RepoName: 'web',
      Tag: TAG, SyncRecordId: seen.batch, PageNo: 1, PageSize: 30 });
    assert.strictEqual(list.TotalCount, '1');
    assert.strictEqual(list.SyncTasks[0].SyncTaskId, seen.task);
  }],
  ['CreateRepoSyncTaskByRule', async (call, seen) => {
    const made = await call('CreateRepoSyncTaskByRule', { InstanceId: INSTANCE, RepoId: seen.repo, Tag: '1.0.0',
      SyncRuleId: seen.rule });
    const task = await call('GetRepoSyncTask', { InstanceId: INSTANCE, SyncTaskId: made.SyncTaskId });
    assert.strictEqual(task.SyncRuleId, seen.rule);
    assert.strictEqual(task.Priority, 5);
  }],
  ['CancelRepoSyncTask', async (call, seen) => {
    await call('CancelRepoSyncTask', { InstanceId: INSTANCE, SyncTaskId: seen.task });
    const task = await call('GetRepoSyncTask', { InstanceId: INSTANCE, SyncTaskId: seen.task });
    assert.strictEqual(task.TaskStatus, 'CANCELED');
  }],
  ['DeleteRepoSyncRule', (call, seen) => call('DeleteRepoSyncRule', { InstanceId: INSTANCE, SyncRuleId: seen.rule })],
  ['a task that there is not', (call) => refused('SYNC_TASK_NOT_EXIST',
    call('GetRepoSyncTask', { InstanceId: INSTANCE, SyncTaskId: 'rst-nope' }))],
  ['an instance that there is not', (call) => refused('INSTANCE_NOT_EXIST',
    call('GetRepoSyncTask', { InstanceId: 'cri-nope', SyncTaskId: 'rst-small' }))],
  ['a missing parameter', (call) => refused('MissingSyncTaskId', call('GetRepoSyncTask', { InstanceId: INSTANCE }))],
  ['an operation that there is not', (call) => refused('InvalidAction.NotFound', call('GetNothing', { A: 'b' }))],
  ['an operation that is not played', (call) => refused('NoPrivilege', call('CreateNamespace', { A: 'b' }))],
];
